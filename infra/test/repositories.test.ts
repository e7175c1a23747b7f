import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DeploymentError } from '../lib/deployment-error';
import { checkEventPatternSize } from '../lib/served-repositories';
import { findResource, listPermissions, synthesize } from './synthesize';

const names = (count: number, length: number) =>
  Array.from({ length: count }, (_, index) => `r${index}-`.padEnd(length, 'x'));

const SELECTIONS = {
  all: ['*'],
  'one name': ['payments'],
  'one prefix': ['team-a-*'],
  '60 names': names(60, 20),
};

function matchedNames(repositories: string[]): unknown {
  const { EventPattern } = findResource(
    synthesize({ repositories }),
    'AWS::Events::Rule',
    'PullRequestRule',
  ).properties;
  return (EventPattern as { detail: { repositoryNames?: unknown } }).detail.repositoryNames;
}

function servedArns(repositories: string[]): string[] {
  return listPermissions(synthesize({ repositories }), 'Build')
    .filter((line) => line.startsWith('codecommit:GitPull on '))
    .map((line) => line.replace(/^.*<AWS::AccountId>:/, ''));
}

test('the number of resources does not grow with the number of repositories', () => {
  const counts = Object.values(SELECTIONS).map(
    (repositories) => Object.keys(synthesize({ repositories }).toJSON().Resources as object).length,
  );
  assert.deepEqual(new Set(counts).size, 1, `resources for all, a name, a prefix and 60 names: ${counts.join(', ')}`);
});

test('a pattern reaches the rule as a prefix and the policies as a wildcard', () => {
  assert.deepEqual(matchedNames(['payments', 'team-a-*']), ['payments', { prefix: 'team-a-' }]);
  assert.deepEqual(servedArns(['payments', 'team-a-*']), ['payments', 'team-a-*']);
});

test('for all repositories the rule names none', () => {
  assert.equal(matchedNames(['*']), undefined);
  assert.deepEqual(servedArns(['payments', '*']), ['*']);
});

test('60 names all reach the rule and the policies', () => {
  assert.deepEqual(matchedNames(SELECTIONS['60 names']), SELECTIONS['60 names']);
  assert.deepEqual(servedArns(SELECTIONS['60 names']), [...SELECTIONS['60 names']].sort());
});

test('a name given twice counts once', () => {
  assert.deepEqual(matchedNames(['payments', 'payments']), ['payments']);
});

const WAYS_OUT = [/`prefix\*` patterns/, /all repositories with `\*`/, /several hooks \(-c name=…\)/];

function assertRefused(repositories: string[], expected: RegExp): void {
  assert.throws(
    () => synthesize({ repositories }),
    (error: unknown) => {
      assert(error instanceof DeploymentError);
      for (const part of [expected, ...WAYS_OUT]) {
        assert.match(error.message, part);
      }
      return true;
    },
  );
}

test('a list too long for the event pattern stops synthesis and says the ways out', () => {
  assertRefused(names(60, 100), /an event pattern of \d+ characters; EventBridge takes 2048/);
});

test('a list too long for a policy stops synthesis and says the ways out', () => {
  assertRefused(names(200, 5), /a policy of up to \d+ characters for a role; IAM takes 10240/);
});

test('a pattern of exactly as many characters as EventBridge takes is not refused', () => {
  const patternOf = (size: number) => ({ source: ['x'.repeat(size - '{"source":[""]}'.length)] });
  assert.doesNotThrow(() => {
    checkEventPatternSize(patternOf(2048));
  });
  assert.throws(() => {
    checkEventPatternSize(patternOf(2049));
  }, DeploymentError);
});
