import {
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  GraphWidget,
  type IMetric,
  Metric,
  SingleValueWidget,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Alarms } from './alarms';
import type { HookFunction } from './hook-function';
import { countOf, type HookMetricName, PERIOD } from './metrics';

/** What is shown. */
export interface DashboardProps {
  readonly hookName: string;
  readonly projectName: string;
  readonly functions: readonly HookFunction[];
  readonly failureQueue: IQueue;
  readonly alarms: Alarms;
}

/** CloudWatch's grid has 24 columns. */
const FULL_WIDTH = 24;
const HEIGHT = 6;

const DAILY: Readonly<Record<HookMetricName, string>> = {
  BuildsStarted: 'Builds started',
  CommentsWritten: 'Comments written',
  RepliesWritten: 'Replies written',
  EventsIgnored: 'Events ignored',
  SweepRepairs: 'Repaired by sweeps',
  SweepFailures: 'Failed calls of sweeps',
  Failures: 'Failed tries',
};

/** One page that answers whether the hook works: its alarms, what it did, what failed, and how long things take. */
export class Dashboard extends Construct {
  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const { hookName, functions, failureQueue } = props;
    const daily = Object.entries(DAILY).map(([name, label]) =>
      countOf(hookName, name as HookMetricName).with({ label, period: Duration.days(1) }),
    );
    const ofBuilds = (metricName: string, label: string): IMetric =>
      new Metric({
        namespace: 'AWS/CodeBuild',
        metricName,
        dimensionsMap: { ProjectName: props.projectName },
        statistic: Stats.MAXIMUM,
        period: PERIOD,
        label,
      });
    new CloudWatchDashboard(this, 'Page', {
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms.alarms], width: FULL_WIDTH, height: 3 })],
        [new SingleValueWidget({ title: 'Today', metrics: daily, width: FULL_WIDTH, height: 3 })],
        [
          graph('Work', [
            countOf(hookName, 'BuildsStarted').with({ label: DAILY.BuildsStarted }),
            countOf(hookName, 'CommentsWritten').with({ label: DAILY.CommentsWritten }),
            countOf(hookName, 'SweepRepairs').with({ label: DAILY.SweepRepairs }),
          ]),
          graph('Failed tries, and events in the failure queue', [
            countOf(hookName, 'Failures').with({ label: DAILY.Failures }),
            countOf(hookName, 'SweepFailures').with({ label: DAILY.SweepFailures }),
            failureQueue.metricApproximateNumberOfMessagesVisible({
              period: PERIOD,
              statistic: Stats.MAXIMUM,
              label: 'In the queue',
            }),
          ]),
        ],
        [
          graph(
            'Functions: duration (ms)',
            functions.map(({ binaryName, function: lambda }) =>
              lambda.metricDuration({ period: PERIOD, statistic: Stats.MAXIMUM, label: binaryName }),
            ),
          ),
          graph('Builds: duration and time in the queue (s)', [
            ofBuilds('Duration', 'Duration'),
            ofBuilds('QueuedDuration', 'In the queue'),
          ]),
        ],
      ],
    });
  }
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, leftYAxis: { min: 0 }, width: FULL_WIDTH / 2, height: HEIGHT });
}
