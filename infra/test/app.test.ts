import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { makeFolder, runProgram } from './run-program';

function runApp(context: TestContext, settings: Record<string, string>) {
  return runProgram('pull-request-hook.ts', makeFolder(context), { CDK_CONTEXT_JSON: JSON.stringify(settings) });
}

test('an unusable setting is answered with what is allowed, and without a stack trace', (context) => {
  assert.deepEqual(runApp(context, { timeoutMinutes: '1' }), {
    status: 1,
    stderr: 'timeoutMinutes must be a whole number from 5 to 2160, but is 1\n',
  });
});

test("a name that CloudFormation would refuse too is answered in the hook's own words", (context) => {
  const { status, stderr } = runApp(context, { name: 'payments_hook' });
  assert.equal(status, 1);
  assert.match(stderr, /^name must be 1 to 40 lower-case letters, digits and inner hyphens, .*\n$/);
});

test('where cargo lambda is missing, the app says how to install it', (context) => {
  const { status, stderr } = runApp(context, {});
  assert.equal(status, 1);
  assert.match(
    stderr,
    /^cargo lambda, which builds publish-build-result, is not installed: run `pip install cargo-lambda==.*\n$/,
  );
});

test('the Python tools are named in the versions of tools/requirements.in', () => {
  const pinned = listVersions('../../tools/requirements.in');
  const named = ['../README.md', '../lib/hook-function.ts'].flatMap(listVersions);
  assert(named.length >= 3, `only ${named.join(', ')} were found`);
  assert.deepEqual(
    named.filter((version) => !pinned.includes(version)),
    [],
  );
});

function listVersions(file: string): string[] {
  return readFileSync(join(__dirname, file), 'utf8').match(/\b[\w-]+==[\d.]+\d/g) ?? [];
}
