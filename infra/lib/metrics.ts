import { Duration } from 'aws-cdk-lib';
import { Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';

/** What the functions count, as `crates/lambda-setup/src/metrics.rs` names it. */
export type HookMetricName =
  | 'BuildsStarted'
  | 'CommentsWritten'
  | 'RepliesWritten'
  | 'EventsIgnored'
  | 'SweepRepairs'
  | 'SweepFailures'
  | 'Failures';

/** The time that one point of an alarm or a graph covers. */
export const PERIOD = Duration.minutes(5);

/** How often something happened in a hook, from the lines in embedded metric format that its functions log. */
export function countOf(hookName: string, metricName: HookMetricName): Metric {
  return new Metric({
    namespace: 'PullRequestHook',
    metricName,
    dimensionsMap: { HookName: hookName },
    statistic: Stats.SUM,
    period: PERIOD,
  });
}
