import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { HookFunction } from './hook-function';
import { countOf, PERIOD } from './metrics';
import type { HookSettings } from './settings';

/** What is watched. */
export interface AlarmsProps {
  readonly functions: readonly HookFunction[];
  readonly failureQueue: IQueue;
  readonly settings: HookSettings;
}

interface Limit {
  readonly description: string;
  readonly metric: IMetric;
  /** The least value that is too much. */
  readonly threshold: number;
  /** How many periods one after the other have to be over it. */
  readonly evaluationPeriods?: number;
}

/** The alarms of a hook. Each tells the topic, if there is one, when it begins and when it is over. */
export class Alarms extends Construct {
  /** In the order in which a person should look at them. */
  readonly alarms: readonly Alarm[];

  constructor(scope: Construct, id: string, { functions, failureQueue, settings }: AlarmsProps) {
    super(scope, id);
    const { name, alarmTopicArn, sweepMinutes } = settings;
    const topic = alarmTopicArn === undefined ? undefined : Topic.fromTopicArn(this, 'Topic', alarmTopicArn);
    const create = (id: string, limit: Limit): Alarm => this.createAlarm(id, limit, topic && new SnsAction(topic));
    this.alarms = [
      create('FailureQueue', {
        description: 'Events are in the failure queue: pull requests are without their build or comment.',
        metric: failureQueue.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: Stats.MAXIMUM }),
        threshold: 1,
      }),
      ...functions.flatMap((hookFunction) => {
        const { binaryName, function: lambda, node } = hookFunction;
        return [
          // Lambda tries an event three times: as many failures as one event that is given up, or three events that
          // fail once each. Fewer is what retries are for.
          create(`${node.id}Errors`, {
            description: `${binaryName} fails time and again: its log says why.`,
            metric: lambda.metricErrors({ period: Duration.minutes(15) }),
            threshold: 3,
          }),
          // Throttled events wait for up to six hours. A burst of pushes may be throttled for a while.
          create(`${node.id}Throttles`, {
            description: `${binaryName} has been throttled for a quarter of an hour: the account's concurrency is used up.`,
            metric: lambda.metricThrottles({ period: PERIOD }),
            threshold: 1,
            evaluationPeriods: 3,
          }),
          // The waits before the second and the third try are one and two minutes; with them alone, no event gets so old.
          create(`${node.id}EventAge`, {
            description: `Events wait more than ten minutes for ${binaryName}.`,
            metric: lambda.metric('AsyncEventAge', { period: PERIOD, statistic: Stats.MAXIMUM }),
            threshold: Duration.minutes(10).toMilliseconds(),
          }),
        ];
      }),
      ...(sweepMinutes === 0
        ? []
        : [
            create('SweepRepairs', {
              description:
                'A sweep found a build or a comment missing and added it: an event was lost, or could not be handled.',
              metric: countOf(name, 'SweepRepairs').with({ period: Duration.minutes(15) }),
              threshold: 1,
            }),
          ]),
    ];
  }

  private createAlarm(id: string, limit: Limit, action: SnsAction | undefined): Alarm {
    const alarm = new Alarm(this, id, {
      alarmDescription: limit.description,
      metric: limit.metric,
      threshold: limit.threshold,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      evaluationPeriods: limit.evaluationPeriods ?? 1,
      // Nobody pushes at night: then there are no data, and nothing is wrong.
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    if (action !== undefined) {
      alarm.addAlarmAction(action);
      alarm.addOkAction(action);
    }
    return alarm;
  }
}
