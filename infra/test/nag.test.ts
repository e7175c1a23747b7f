import assert from 'node:assert/strict';
import { test } from 'node:test';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, type NagPack, ServerlessChecks } from 'cdk-nag';
import { context } from '../cdk.json';
import { HookApp } from '../lib/hook-app';
import { PullRequestHookStack } from '../lib/pull-request-hook-stack';
import type { PullRequestHookProps } from '../lib/settings';
import { EVERYTHING } from './synthesize';

const SELECTIONS: Record<string, PullRequestHookProps> = {
  'the defaults': {},
  'one repository': { repositories: ['payments'] },
  'every setting': EVERYTHING,
};

function createStack(settings: PullRequestHookProps): PullRequestHookStack {
  return new PullRequestHookStack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'stack', settings);
}

/** What a pack finds, as `PATH RULE`. */
function listFindings(pack: NagPack, stack: PullRequestHookStack): string[] {
  return pack
    .validateScope(stack)
    .violations.flatMap(({ ruleName, violatingResources }) =>
      violatingResources.map(({ constructPath }) => `${constructPath ?? ''} ${ruleName}`),
    );
}

/** The same pack, which takes no acknowledgement for an answer. */
function ignoreAcknowledgements(pack: NagPack): NagPack {
  return Object.assign(pack, { isAcknowledged: () => false });
}

for (const [title, settings] of Object.entries(SELECTIONS)) {
  test(`with ${title}, every finding is acknowledged`, () => {
    const stack = createStack(settings);
    assert.deepEqual(listFindings(new AwsSolutionsChecks(), stack), []);
    assert.deepEqual(listFindings(new ServerlessChecks(), stack), []);
  });

  test(`with ${title}, every acknowledgement answers a finding of its resource`, () => {
    const stack = createStack(settings);
    const findings = [new AwsSolutionsChecks(), new ServerlessChecks()].flatMap((pack) =>
      listFindings(ignoreAcknowledgements(pack), stack),
    );
    const acknowledged = stack.node.findAll().flatMap(({ node }) =>
      node.metadata
        .filter(({ type }) => type === Validations.ACKNOWLEDGED_RULES_METADATA_KEY)
        .flatMap(({ data }) => Object.keys(data as object))
        .map((id) => ({ path: node.path, rule: id.replace(/^Annotation::/, '') })),
    );
    assert(acknowledged.length > 0);
    for (const { path, rule } of acknowledged) {
      assert(
        findings.some((finding) => finding.startsWith(path) && finding.endsWith(` ${rule}`)),
        `${path} acknowledges ${rule}, which nobody finds there`,
      );
    }
  });
}

test("with every setting, CDK's check of the template against CloudFormation's rules passes", () => {
  const app = new App({ context: { ...context, 'aws:cdk:bundling-stacks': [] } });
  new PullRequestHookStack(app, 'stack', EVERYTHING);
  assert.doesNotThrow(() => app.synth());
});

test('a finding stops the synthesis of the app', () => {
  const app = new HookApp({ builtinCloudFormationValidation: false, context: { 'aws:cdk:bundling-stacks': [] } });
  app.stack.hook.failureQueue.node.tryRemoveChild('Policy');
  assert.throws(() => app.synth(), /Validation failed/);
});
