import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { App, DefaultStackSynthesizer } from 'aws-cdk-lib';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DeploymentError } from '../lib/deployment-error';
import { readBuildVariableNames } from '../lib/build-variable-names';
import { CDK_CONTEXT_KEYS } from '../lib/cdk-context-keys';
import { readSettings } from '../lib/context';
import { checkSettings, type HookSettings, type SettingName, SETTINGS } from '../lib/settings';

/** Reads and checks settings the way the app does, from `-c name=value`. */
function read(context: Record<string, unknown>): HookSettings {
  return checkSettings(readSettings(new App({ context }).node));
}

function refusal(context: Record<string, unknown>): string {
  try {
    read(context);
  } catch (error) {
    assert(error instanceof DeploymentError, String(error));
    return error.message;
  }
  return assert.fail(`${JSON.stringify(context)} was not refused`);
}

test('a setting that is not given has its default', () => {
  for (const [name, { default: value }] of Object.entries(SETTINGS)) {
    assert.deepEqual(read({})[name as SettingName], value, name);
  }
});

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:alarms';
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b-2c3d';
const POLICY = 'arn:aws-us-gov:iam::123456789012:policy/team/boundary';
const VPC = {
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: 'subnet-01234567,subnet-0123456789abcdef0',
  securityGroupIds: 'sg-01234567',
};

const READ: { context: Record<string, unknown>; settings: Partial<HookSettings> }[] = [
  { context: { name: 'a' }, settings: { name: 'a' } },
  { context: { name: 'team-1' }, settings: { name: 'team-1' } },
  { context: { repositories: 'payments' }, settings: { repositories: ['payments'] } },
  { context: { repositories: 'a, team-b-*,' }, settings: { repositories: ['a', 'team-b-*'] } },
  { context: { repositories: '["a.b","c_d"]' }, settings: { repositories: ['a.b', 'c_d'] } },
  { context: { repositories: ['a', 'b'] }, settings: { repositories: ['a', 'b'] } },
  { context: { repositories: '*' }, settings: { repositories: ['*'] } },
  { context: { buildspec: 'ci/build.v2.yaml' }, settings: { buildspec: 'ci/build.v2.yaml' } },
  { context: { privileged: 'true' }, settings: { privileged: true } },
  { context: { privileged: 'false' }, settings: { privileged: false } },
  { context: { timeoutMinutes: '2160' }, settings: { timeoutMinutes: 2160 } },
  { context: { timeoutMinutes: 5 }, settings: { timeoutMinutes: 5 } },
  { context: { queuedTimeoutMinutes: '480' }, settings: { queuedTimeoutMinutes: 480 } },
  { context: { stopSuperseded: 'false' }, settings: { stopSuperseded: false } },
  { context: { sweepMinutes: '0' }, settings: { sweepMinutes: 0 } },
  { context: { sweepMinutes: 1440 }, settings: { sweepMinutes: 1440 } },
  { context: { sweepBuilds: '100' }, settings: { sweepBuilds: 100 } },
  { context: { buildExisting: 'true' }, settings: { buildExisting: true } },
  { context: { logLines: '0' }, settings: { logLines: 0 } },
  { context: { replies: 'always' }, settings: { replies: 'always' } },
  { context: { environmentVariables: '{"A_1":"b=c"}' }, settings: { environmentVariables: { A_1: 'b=c' } } },
  {
    context: { buildRoleManagedPolicies: `service-role/X,${POLICY}` },
    settings: { buildRoleManagedPolicies: ['service-role/X', POLICY] },
  },
  { context: { repositoryKeyArns: KEY }, settings: { repositoryKeyArns: [KEY] } },
  { context: { permissionsBoundary: POLICY }, settings: { permissionsBoundary: POLICY } },
  { context: { alarmTopicArn: TOPIC }, settings: { alarmTopicArn: TOPIC } },
  { context: { logRetentionDays: '365' }, settings: { logRetentionDays: RetentionDays.ONE_YEAR } },
  {
    context: VPC,
    settings: {
      vpcId: VPC.vpcId,
      subnetIds: ['subnet-01234567', 'subnet-0123456789abcdef0'],
      securityGroupIds: ['sg-01234567'],
    },
  },
];

test('settings are read from text, from JSON, and from the values that cdk.json can hold', () => {
  for (const { context, settings } of READ) {
    assert.deepEqual(read(context), { ...checkSettings({}), ...settings }, JSON.stringify(context));
  }
});

const REFUSED: Partial<Record<SettingName, unknown[]>> = {
  name: ['', 'Hook', '1hook', 'hook-', 'a b', 'a_b', 'a'.repeat(41)],
  repositories: ['', '[]', 'a b', 'a*b', '**', '[1]', '["a"', 'a'.repeat(101), 'arn:aws:codecommit:eu-central-1:1:a'],
  buildspec: [
    '',
    '/etc/x.yaml',
    '../x.yaml',
    'a/../x.yaml',
    './x.yaml',
    'a//x.yaml',
    'a/',
    'a b.yaml',
    'x'.repeat(1025),
    'version: 0.2',
    'arn:aws:s3:::b/x.yaml',
  ],
  image: ['', 'a b', 'x'.repeat(256)],
  computeType: ['small', 'BUILD_LAMBDA_1GB'],
  privileged: ['yes', '1', 1],
  timeoutMinutes: ['4', '2161', '1e2', '60.5', 'an hour', 60.5],
  queuedTimeoutMinutes: ['4', '481'],
  stopSuperseded: ['yes', '0', ''],
  sweepMinutes: ['-1', '1', '4', '1441', '15.5', '', 'never'],
  sweepBuilds: ['0', '101', '1.5', 'all', ''],
  buildExisting: ['yes', '1', ''],
  logLines: ['-1', '41', '4.5', 'all', ''],
  replies: ['', 'on-change', 'ALWAYS', 'true'],
  environmentVariables: ['A=b', '[]', 'null', '{"A":1}', '{"1A":"b"}', '{"A-B":"c"}', '{"CODEBUILD_X":"y"}'],
  buildRoleManagedPolicies: ['a b', 'x'.repeat(129)],
  repositoryKeyArns: ['alias/x', 'arn:aws:kms:eu-central-1:123456789012:alias/x'],
  permissionsBoundary: ['boundary', 'arn:aws:iam::123456789012:role/x'],
  alarmTopicArn: [
    'alarms',
    'arn:aws:sns:eu-central-1:123456789012:',
    'arn:aws:sns:eu-central-1:123456789012:a.fifo',
    'arn:aws:sqs:eu-central-1:123456789012:a',
  ],
  logRetentionDays: ['0', '31', '9999', 'never'],
};

test('a value that is not allowed is refused with what is allowed, and quoted', () => {
  for (const [name, values] of Object.entries(REFUSED)) {
    for (const value of values) {
      const message = refusal({ [name]: value });
      const { allowed } = SETTINGS[name as SettingName];
      assert(message.startsWith(`${name} must be ${allowed}, but is `), `${JSON.stringify(value)}: ${message}`);
    }
  }
});

test('the ids of a VPC are refused when they are malformed or too many', () => {
  const subnets = Array.from({ length: 17 }, (_, index) => `subnet-000000${index + 10}`);
  for (const wrong of [
    { vpcId: 'vpc-1' },
    { subnetIds: 'subnet-xyz' },
    { subnetIds: subnets },
    { securityGroupIds: 'sg-0123456' },
  ]) {
    const [name] = Object.keys(wrong);
    assert.match(refusal({ ...VPC, ...wrong }), new RegExp(`^${name} must be `));
  }
});

test('a part of a VPC is refused', () => {
  for (const { vpcId, subnetIds, securityGroupIds } of [
    { ...VPC, subnetIds: '' },
    { ...VPC, securityGroupIds: '' },
    { ...VPC, vpcId: undefined },
  ]) {
    assert.match(refusal({ ...(vpcId && { vpcId }), subnetIds, securityGroupIds }), /give all three, or none/);
  }
});

test('no variable of the hook can be set for all builds', () => {
  const names = readBuildVariableNames();
  assert(names.length >= 5, `only ${names.join(', ')} were found`);
  for (const name of names) {
    assert.match(refusal({ environmentVariables: { [name]: 'x' } }), /^environmentVariables must be /);
  }
});

test('every wrong setting is named at once', () => {
  const message = refusal({ timeoutMinutes: '1', privileged: 'yes' });
  assert.deepEqual(
    message.split('\n').map((line) => line.split(' ')[0]),
    ['privileged', 'timeoutMinutes'],
  );
});

test('an unknown key is refused with the nearest name', () => {
  for (const [key, nearest] of [
    ['repository', 'repositories'],
    ['timeout', 'timeoutMinutes'],
    ['Name', 'name'],
    ['subnetIDs', 'subnetIds'],
    ['retention', 'logRetentionDays'],
  ] as const) {
    assert(
      refusal({ [key]: 'x' }).startsWith(`${key} is no setting: did you mean ${nearest}?\nThe settings are name,`),
    );
  }
});

test('a key that every JavaScript object has is no setting either', () => {
  assert.match(refusal({ toString: 'x' }), /^toString is no setting/);
});

test("CDK's own keys are not refused", () => {
  for (const key of [
    ...CDK_CONTEXT_KEYS,
    '@aws-cdk/core:target-partitions',
    '@aws-cdk/a-package:aFlagOfAnotherVersion',
    '@aws-cdk-containers/ecs-service-extensions:enableDefaultLogDriver',
    'availability-zones:account=123456789012:region=eu-central-1',
    'cc-api-provider:account=123456789012:exactIdentifier=a:region=eu-central-1:typeName=AWS$:$:IAM$:$:Role',
    'load-balancer-listener:account=123456789012:listenerPort=443:loadBalancerType=network:region=eu-central-1',
    'ssm:account=123456789012:parameterName=/a:region=eu-central-1',
    'vpc-provider:account=123456789012:filter.isDefault=true:region=eu-central-1',
  ]) {
    assert.deepEqual(read({ [key]: 'x' }), checkSettings({}), key);
  }
});

test("what CDK itself puts into an app's context is not refused", () => {
  const app = new App({
    analyticsReporting: false,
    defaultStackSynthesizer: new DefaultStackSynthesizer(),
    stackTraces: false,
    treeMetadata: false,
  });
  assert.deepEqual(checkSettings(readSettings(app.node)), checkSettings({}));
});

test("a key that only looks like CDK's is refused with the nearest name", () => {
  for (const [key, nearest] of [
    ['aws:cdk:bundling-stack', 'aws:cdk:bundling-stacks'],
    ['aws:cdk:enable-path-metadata:', 'aws:cdk:enable-path-metadata'],
    ['aws-cdk:enableDiffNofail', 'aws-cdk:enableDiffNoFail'],
    ['aws:timeoutMinutes', 'timeoutMinutes'],
    ['@repositories', 'repositories'],
    ['buildspec:', 'buildspec'],
    ['name:account=1', 'name'],
    ['ssm:image', 'image'],
  ] as const) {
    assert(
      refusal({ [key]: 'x' }).startsWith(`${key} is no setting: did you mean ${nearest}?\n`),
      refusal({ [key]: 'x' }),
    );
  }
  for (const key of ['foo:bar', '@aws-cdk/', '@aws-cdk', '@other/package:flag', 'ssm:', 'vpc:account=123456789012']) {
    assert(refusal({ [key]: 'x' }).startsWith(`${key} is no setting: `), key);
  }
});

test("the README's table tells every setting as the code has it", () => {
  const readme = readFileSync(join(__dirname, '../README.md'), 'utf8');
  const rows = Object.entries(SETTINGS).map(
    ([name, { default: value, meaning, allowed }]) =>
      `| \`${name}\` | ${tellDefault(value)} | ${meaning} | ${allowed} |`,
  );
  const table = /^## Settings$.*?(?=^## )/ms
    .exec(readme)?.[0]
    .split('\n')
    .filter((line) => line.startsWith('| `'));
  assert.deepEqual(table, rows);
});

function tellDefault(value: unknown): string {
  const text = Array.isArray(value) ? value.join(',') : JSON.stringify(value ?? {}).replaceAll('"', '');
  return ['', '{}'].includes(text) ? 'none' : `\`${text}\``;
}
