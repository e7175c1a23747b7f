import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { findResource, findResources, synthesize } from './synthesize';

const template = synthesize({
  name: 'payments-hook',
  buildspec: 'ci/tests.yaml',
  logRetentionDays: RetentionDays.ONE_MONTH,
  logLines: 10,
  replies: 'always',
  repositories: ['payments', 'team-a-*', 'payments'],
  sweepMinutes: 30,
  sweepBuilds: 7,
  buildExisting: true,
});
const startBuild = findResource(template, 'AWS::Lambda::Function', 'StartBuild');
const publishBuildResult = findResource(template, 'AWS::Lambda::Function', 'PublishBuildResult');
const OF_EVERY_SWEEP = { SWEEP_MINUTES: '30', REPOSITORIES: '["payments","team-a-*"]' };

test('both functions run a binary for arm64, and no default decides on their memory and time', () => {
  for (const { properties } of [startBuild, publishBuildResult]) {
    const { Runtime, Handler, Architectures, MemorySize, Timeout, ReservedConcurrentExecutions } = properties;
    assert.deepEqual(
      { Runtime, Handler, Architectures, MemorySize, Timeout, ReservedConcurrentExecutions },
      {
        Runtime: 'provided.al2023',
        Handler: 'bootstrap',
        Architectures: ['arm64'],
        MemorySize: 256,
        Timeout: 300,
        ReservedConcurrentExecutions: undefined,
      },
    );
  }
});

test("start-build's environment names the author of comments, from which it knows the hook's", () => {
  const role = findResource(template, 'AWS::IAM::Role', 'PublishBuildResult');
  assert.deepEqual(startBuild.properties.Environment, {
    Variables: {
      HOOK_NAME: 'payments-hook',
      PROJECT_NAME: 'payments-hook',
      CLONE_URL_PREFIX: 'https://git-codecommit.<AWS::Region>.<AWS::URLSuffix>/v1/repos/',
      BUILDSPEC: 'ci/tests.yaml',
      STOP_SUPERSEDED: 'true',
      SWEEP_BUILDS: '7',
      BUILD_EXISTING: 'true',
      ...OF_EVERY_SWEEP,
      PUBLISH_FUNCTION_NAME: `<${publishBuildResult.logicalId}>`,
      PUBLISH_ROLE_NAME: `<${role.logicalId}>`,
    },
  });
});

test("publish-build-result's environment names its own role, from which it knows its comments", () => {
  const role = findResource(template, 'AWS::IAM::Role', 'PublishBuildResult');
  assert.equal(publishBuildResult.properties.Role, `<${role.logicalId}.Arn>`);
  assert.deepEqual(publishBuildResult.properties.Environment, {
    Variables: {
      HOOK_NAME: 'payments-hook',
      PROJECT_NAME: 'payments-hook',
      LOG_LINES: '10',
      REPLIES: 'always',
      ...OF_EVERY_SWEEP,
      ROLE_NAME: `<${role.logicalId}>`,
    },
  });
});

test('each function writes to its own log group', () => {
  const groups = [startBuild, publishBuildResult].map(
    ({ properties }) => (properties.LoggingConfig as { LogGroup: string }).LogGroup,
  );
  const own = ['StartBuild', 'PublishBuildResult'].map(
    (name) => `<${findResource(template, 'AWS::Logs::LogGroup', name).logicalId}>`,
  );
  assert.deepEqual(groups, own);
});

test('all log groups keep their events for the days of the setting, and go with the stack', () => {
  const groups = findResources(template, 'AWS::Logs::LogGroup');
  assert.deepEqual(
    groups.map(({ properties }) => properties),
    [{ RetentionInDays: 30 }, { RetentionInDays: 30 }, { RetentionInDays: 30 }],
  );
  template.allResources('AWS::Logs::LogGroup', { DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
});

test("only the project has a physical name: the hook's", () => {
  const named = Object.entries(template.toJSON().Resources as Record<string, { Properties: object }>)
    .filter(([, { Properties }]) =>
      ['Name', 'FunctionName', 'RoleName', 'QueueName', 'LogGroupName', 'ManagedPolicyName'].some(
        (property) => typeof (Properties as Record<string, unknown>)[property] === 'string',
      ),
    )
    .map(([logicalId]) => logicalId);
  assert.deepEqual(named, [findResource(template, 'AWS::CodeBuild::Project').logicalId]);
});
