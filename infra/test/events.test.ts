import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findResource, findResources, synthesize } from './synthesize';

const template = synthesize({ name: 'payments-hook' });
const queue = findResource(template, 'AWS::SQS::Queue');
const startBuild = findResource(template, 'AWS::Lambda::Function', 'StartBuild');
const publishBuildResult = findResource(template, 'AWS::Lambda::Function', 'PublishBuildResult');
const pullRequestRule = findResource(template, 'AWS::Events::Rule', 'PullRequestRule');
const notStartedRule = findResource(template, 'AWS::Events::Rule', 'NotStartedRule');
const buildRule = findResource(template, 'AWS::Events::Rule', 'BuildRule');
const sweepRule = findResource(template, 'AWS::Events::Rule', 'SweepRule');

const OF_A_NEW_COMMIT = ['pullRequestCreated', 'pullRequestSourceBranchUpdated'];
const OF_THE_END = ['pullRequestStatusChanged', 'pullRequestMergeStatusUpdated'];

test('start-build gets the events that can mean a new commit or the end of a pull request', () => {
  assert.deepEqual(pullRequestRule.properties.EventPattern, {
    source: ['aws.codecommit'],
    'detail-type': ['CodeCommit Pull Request State Change'],
    detail: { event: [...OF_A_NEW_COMMIT, ...OF_THE_END] },
  });
});

test('the end of a pull request is nothing to a hook that stops no builds', () => {
  const { EventPattern } = findResource(
    synthesize({ stopSuperseded: false }),
    'AWS::Events::Rule',
    'PullRequestRule',
  ).properties;
  assert.deepEqual((EventPattern as { detail: unknown }).detail, { event: OF_A_NEW_COMMIT });
});

test("publish-build-result gets every state of this project's builds", () => {
  assert.deepEqual(buildRule.properties.EventPattern, {
    source: ['aws.codebuild'],
    'detail-type': ['CodeBuild Build State Change'],
    detail: { 'project-name': ['payments-hook'] },
  });
});

test('publish-build-result gets the reports of builds that could not be started, of this hook and account alone', () => {
  assert.deepEqual(notStartedRule.properties.EventPattern, {
    account: ['<AWS::AccountId>'],
    source: ['pull-request-hook'],
    'detail-type': ['Pull Request Build Not Started'],
    detail: { hook: ['payments-hook'] },
  });
});

test('both functions sweep after each period of the setting, and never with 0', () => {
  const scheduleOf = (sweepMinutes: number) =>
    findResources(synthesize({ sweepMinutes }), 'AWS::Events::Rule', 'SweepRule').map(
      ({ properties }) => properties.ScheduleExpression,
    );
  assert.equal(sweepRule.properties.ScheduleExpression, 'rate(15 minutes)');
  assert.deepEqual(scheduleOf(5), ['rate(5 minutes)']);
  assert.deepEqual(scheduleOf(90), ['rate(90 minutes)']);
  assert.deepEqual(scheduleOf(1440), ['rate(1 day)']);
  assert.deepEqual(scheduleOf(0), []);
});

const wiring = [
  { rule: buildRule, targets: [publishBuildResult] },
  { rule: notStartedRule, targets: [publishBuildResult] },
  { rule: pullRequestRule, targets: [startBuild] },
  { rule: sweepRule, targets: [startBuild, publishBuildResult] },
];

test('EventBridge retries each target of a rule for a day and then gives the event to the queue', () => {
  assert.equal(findResources(template, 'AWS::Events::Rule').length, wiring.length);
  for (const { rule, targets } of wiring) {
    assert.deepEqual(
      rule.properties.Targets,
      targets.map((target, index) => ({
        Id: `Target${index}`,
        Arn: `<${target.logicalId}.Arn>`,
        RetryPolicy: { MaximumEventAgeInSeconds: 86_400, MaximumRetryAttempts: 185 },
        DeadLetterConfig: { Arn: `<${queue.logicalId}.Arn>` },
      })),
    );
  }
});

test('each rule may invoke its own functions, and nothing else may invoke one', () => {
  const permissions = findResources(template, 'AWS::Lambda::Permission').map(({ properties }) => properties);
  assert.deepEqual(
    permissions,
    wiring.flatMap(({ rule, targets }) =>
      targets.map((target) => ({
        Action: 'lambda:InvokeFunction',
        FunctionName: `<${target.logicalId}.Arn>`,
        Principal: 'events.amazonaws.com',
        SourceArn: `<${rule.logicalId}.Arn>`,
      })),
    ),
  );
});

test('each rule may send to the queue, and nobody may without TLS', () => {
  const { properties } = findResource(template, 'AWS::SQS::QueuePolicy');
  const { Statement } = properties.PolicyDocument as { Statement: Record<string, unknown>[] };
  const arn = `<${queue.logicalId}.Arn>`;
  assert.deepEqual(
    Statement.map((statement) => ({ ...statement, Sid: undefined })),
    [
      {
        Sid: undefined,
        Effect: 'Deny',
        Action: 'sqs:*',
        Principal: { AWS: '*' },
        Resource: arn,
        Condition: { Bool: { 'aws:SecureTransport': 'false' } },
      },
      ...wiring.map(({ rule }) => ({
        Sid: undefined,
        Effect: 'Allow',
        Action: 'sqs:SendMessage',
        Principal: { Service: 'events.amazonaws.com' },
        Resource: arn,
        Condition: { ArnEquals: { 'aws:SourceArn': `<${rule.logicalId}.Arn>` } },
      })),
    ],
  );
});

test('a failed invocation is retried twice within six hours, and then sent to the queue', () => {
  const configs = findResources(template, 'AWS::Lambda::EventInvokeConfig').map(({ properties }) => properties);
  assert.deepEqual(
    configs,
    [publishBuildResult, startBuild].map(({ logicalId }) => ({
      FunctionName: `<${logicalId}>`,
      Qualifier: '$LATEST',
      MaximumRetryAttempts: 2,
      MaximumEventAgeInSeconds: 21_600,
      DestinationConfig: { OnFailure: { Destination: `<${queue.logicalId}.Arn>` } },
    })),
  );
});

test('the queue is encrypted and keeps events for 14 days, the most that SQS offers', () => {
  assert.deepEqual(queue.properties, { SqsManagedSseEnabled: true, MessageRetentionPeriod: 1_209_600 });
});
