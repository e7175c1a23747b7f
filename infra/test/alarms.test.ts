import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findResource, findResources, synthesize } from './synthesize';

const TOPIC = 'arn:aws:sns:eu-central-1:123456789012:alarms';

const template = synthesize({ name: 'payments-hook' });
const queue = findResource(template, 'AWS::SQS::Queue');
const alarms = findResources(template, 'AWS::CloudWatch::Alarm', 'Alarms');

/** The properties that the description of an alarm quotes. */
interface AlarmTexts {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Statistic?: string;
  readonly Period?: number;
  readonly EvaluationPeriods?: number;
  readonly Threshold?: number;
}

/** What one alarm watches, and its limit. */
function describe({
  Namespace,
  MetricName,
  Statistic,
  Dimensions,
  Period,
  EvaluationPeriods,
  Threshold,
}: Record<string, unknown> & AlarmTexts): string {
  const [{ Value }] = Dimensions as [{ Value: string }];
  const resource = Value.replace(/[0-9A-F]{8}(\.\w+)?>$/, '').replace(/^<Hook/, '');
  return `${Namespace}/${MetricName} of ${resource}: ${Statistic} >= ${Threshold} in ${EvaluationPeriods} x ${Period} s`;
}

test('the queue, both functions and the repairs of sweeps are watched', () => {
  assert.deepEqual(alarms.map(({ properties }) => describe(properties)).sort(), [
    'AWS/Lambda/AsyncEventAge of PublishBuildResultFunction: Maximum >= 600000 in 1 x 300 s',
    'AWS/Lambda/AsyncEventAge of StartBuildFunction: Maximum >= 600000 in 1 x 300 s',
    'AWS/Lambda/Errors of PublishBuildResultFunction: Sum >= 3 in 1 x 900 s',
    'AWS/Lambda/Errors of StartBuildFunction: Sum >= 3 in 1 x 900 s',
    'AWS/Lambda/Throttles of PublishBuildResultFunction: Sum >= 1 in 3 x 300 s',
    'AWS/Lambda/Throttles of StartBuildFunction: Sum >= 1 in 3 x 300 s',
    'AWS/SQS/ApproximateNumberOfMessagesVisible of FailureQueue: Maximum >= 1 in 1 x 300 s',
    'PullRequestHook/SweepRepairs of payments-hook: Sum >= 1 in 1 x 900 s',
  ]);
});

test('without sweeps, their repairs are not watched', () => {
  const withoutSweeps = findResources(synthesize({ sweepMinutes: 0 }), 'AWS::CloudWatch::Alarm', 'Alarms');
  assert.deepEqual(
    withoutSweeps.map(({ logicalId }) => logicalId),
    alarms.map(({ logicalId }) => logicalId).filter((id) => !id.includes('SweepRepairs')),
  );
});

test('no alarm takes silence for a fault, and each says what it means', () => {
  for (const { properties } of alarms) {
    assert.equal(properties.TreatMissingData, 'notBreaching');
    assert.equal(properties.ComparisonOperator, 'GreaterThanOrEqualToThreshold');
    assert.match(properties.AlarmDescription as string, /\.$/);
  }
});

test('alarms tell the topic of the setting when they begin and end, and nobody without it', () => {
  for (const { properties } of findResources(synthesize({ alarmTopicArn: TOPIC }), 'AWS::CloudWatch::Alarm')) {
    assert.deepEqual([properties.AlarmActions, properties.OKActions], [[TOPIC], [TOPIC]]);
  }
  for (const { properties } of alarms) {
    assert.deepEqual([properties.AlarmActions, properties.OKActions], [undefined, undefined]);
  }
});

test('the dashboard shows every alarm, what the hook counts, the queue and the durations', () => {
  const { DashboardBody } = findResource(template, 'AWS::CloudWatch::Dashboard').properties;
  const { widgets } = JSON.parse(DashboardBody as string) as {
    widgets: { type: string; properties: { alarms?: string[]; metrics?: [string, string, string, string][] } }[];
  };
  assert.deepEqual(
    widgets.flatMap(({ properties }) => properties.alarms ?? []).sort(),
    alarms.map(({ logicalId }) => `<${logicalId}.Arn>`).sort(),
  );
  const shown = new Set(
    widgets
      .flatMap(({ properties }) => properties.metrics ?? [])
      .map(([namespace, name, , value]) => `${namespace}/${name} of ${value}`),
  );
  for (const metric of [
    ...['BuildsStarted', 'CommentsWritten', 'RepliesWritten', 'EventsIgnored', 'Failures'].map(
      (name) => `PullRequestHook/${name} of payments-hook`,
    ),
    ...['SweepRepairs', 'SweepFailures'].map((name) => `PullRequestHook/${name} of payments-hook`),
    `AWS/SQS/ApproximateNumberOfMessagesVisible of <${queue.logicalId}.QueueName>`,
    'AWS/CodeBuild/Duration of payments-hook',
    'AWS/CodeBuild/QueuedDuration of payments-hook',
    ...['StartBuild', 'PublishBuildResult'].map(
      (name) => `AWS/Lambda/Duration of <${findResource(template, 'AWS::Lambda::Function', name).logicalId}>`,
    ),
  ]) {
    assert(shown.has(metric), `${metric} is not among ${[...shown].join(', ')}`);
  }
});
