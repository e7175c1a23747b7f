import { App, type AppProps, type StackProps, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks, ServerlessChecks } from 'cdk-nag';
import { readSettings } from './context';
import { PullRequestHookStack } from './pull-request-hook-stack';
import { checkSettings } from './settings';

/** The app: one hook, with the settings of the context, which cdk-nag checks at every synthesis. */
export class HookApp extends App {
  readonly stack: PullRequestHookStack;

  constructor(props?: AppProps, stackProps?: StackProps) {
    super(props);
    Validations.of(this).addPlugins(new AwsSolutionsChecks(this), new ServerlessChecks(this));
    const settings = checkSettings(readSettings(this.node));
    // Named after the hook, so that another name is another deployment beside the first.
    this.stack = new PullRequestHookStack(this, settings.name, settings, stackProps);
  }
}
