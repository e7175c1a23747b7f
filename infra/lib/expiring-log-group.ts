import { RemovalPolicy } from 'aws-cdk-lib';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import type { HookSettings } from './settings';

/**
 * A log group that keeps its events for the days of the settings and is removed with its stack. What must outlive the
 * hook is on the pull requests.
 */
export class ExpiringLogGroup extends LogGroup {
  constructor(scope: Construct, id: string, { logRetentionDays }: Pick<HookSettings, 'logRetentionDays'>) {
    super(scope, id, {
      retention: logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }
}
