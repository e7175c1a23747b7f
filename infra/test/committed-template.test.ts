import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { synthesizeTemplate, TEMPLATE_PATH } from '../lib/committed-template';

const TSX = pathToFileURL(require.resolve('tsx')).href;

function makeFolder(context: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pull-request-hook-'));
  context.after(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** Runs one of the app's programs in `folder`, with nothing else than `folder` on the PATH. */
function run(program: string, folder: string, environment: Record<string, string> = {}) {
  const { status, stderr } = spawnSync(process.execPath, ['--import', TSX, join(__dirname, '../bin', program)], {
    cwd: folder,
    env: { PATH: folder, TMPDIR: folder, ...environment },
    encoding: 'utf8',
  });
  return { status, stderr };
}

test('the committed template is what the app synthesizes', () => {
  assert.equal(
    readFileSync(TEMPLATE_PATH, 'utf8'),
    synthesizeTemplate(),
    'run `npm run template` and commit the result',
  );
});

test('it is the same without cargo lambda', (context) => {
  assert.deepEqual(run('check-template.ts', makeFolder(context)), { status: 0, stderr: '' });
});

test('it is the same with cargo lambda', (context) => {
  const folder = makeFolder(context);
  const cargo = join(folder, 'cargo');
  writeFileSync(cargo, `#!/bin/sh\necho "$@" >> "${join(folder, 'calls')}"\n`);
  chmodSync(cargo, 0o755);
  assert.deepEqual(run('check-template.ts', folder), { status: 0, stderr: '' });
  assert(existsSync(join(folder, 'calls')), 'CDK did not look for cargo lambda: the test no longer shows anything');
});

test("CDK's feature flags do not change the template, so cdk.json need not name them", () => {
  const flags = JSON.parse(
    readFileSync(require.resolve('aws-cdk-lib/recommended-feature-flags.json'), 'utf8'),
  ) as Record<string, unknown>;
  assert.equal(synthesizeTemplate(flags), synthesizeTemplate());
});

test("the functions' code is named after their binaries", () => {
  const { Resources } = JSON.parse(readFileSync(TEMPLATE_PATH, 'utf8')) as {
    Resources: Record<string, { Type: string; Properties: { Code: { S3Key: string } } }>;
  };
  const keys = Object.values(Resources)
    .filter(({ Type }) => Type === 'AWS::Lambda::Function')
    .map(({ Properties }) => Properties.Code.S3Key);
  assert.deepEqual(keys, ['start-build.zip', 'publish-build-result.zip']);
});

test('the app answers an unusable setting with what is allowed, and without a stack trace', (context) => {
  const settings = { CDK_CONTEXT_JSON: JSON.stringify({ timeoutMinutes: '1' }) };
  assert.deepEqual(run('pull-request-hook.ts', makeFolder(context), settings), {
    status: 1,
    stderr: 'timeoutMinutes must be a whole number from 5 to 2160, but is 1\n',
  });
});

test('the app says how to install cargo lambda where it is missing', (context) => {
  const { status, stderr } = run('pull-request-hook.ts', makeFolder(context));
  assert.equal(status, 1);
  assert.match(stderr, /^cargo lambda, which builds start-build, is not installed: run `pip install cargo-lambda==/);
});
