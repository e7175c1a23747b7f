import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { PullRequestHook } from './pull-request-hook';
import type { PullRequestHookProps } from './settings';

/** A stack that holds one hook and says where its failed events are. */
export class PullRequestHookStack extends Stack {
  readonly hook: PullRequestHook;

  constructor(scope: Construct, id: string, settings: PullRequestHookProps, props?: StackProps) {
    super(scope, id, { description: 'Builds the pull requests of CodeCommit repositories in CodeBuild.', ...props });
    this.hook = new PullRequestHook(this, 'Hook', settings);
    new CfnOutput(this, 'FailureQueueUrl', {
      description: 'The queue of the events that could not be delivered or handled.',
      value: this.hook.failureQueue.queueUrl,
    });
  }
}
