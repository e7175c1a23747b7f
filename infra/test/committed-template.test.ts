import assert from 'node:assert/strict';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { synthesizeTemplate, TEMPLATE_PATH } from '../lib/committed-template';
import { makeFolder, runProgram } from './run-program';

test('the committed template is what the app synthesizes', () => {
  assert.equal(
    readFileSync(TEMPLATE_PATH, 'utf8'),
    synthesizeTemplate(),
    'run `npm run template` and commit the result',
  );
});

test('it is the same without cargo lambda', (context) => {
  assert.deepEqual(runProgram('check-template.ts', makeFolder(context)), { status: 0, stderr: '' });
});

test('it is the same with cargo lambda', (context) => {
  const folder = makeFolder(context);
  const cargo = join(folder, 'cargo');
  writeFileSync(cargo, `#!/bin/sh\necho "$@" >> "${join(folder, 'calls')}"\n`);
  chmodSync(cargo, 0o755);
  assert.deepEqual(runProgram('check-template.ts', folder), { status: 0, stderr: '' });
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
  assert.deepEqual(keys, ['publish-build-result.zip', 'start-build.zip']);
});
