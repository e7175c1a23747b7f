import { Aws, Duration, Stack, Validations } from 'aws-cdk-lib';
import { type EventPattern, Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { Alarms } from './alarms';
import { BuildProject } from './build-project';
import { Dashboard } from './dashboard';
import { HookFunction, type HookFunctionProps } from './hook-function';
import { allowOnRepositories, allowToListRepositories } from './repository-permissions';
import { checkEventPatternSize, ServedRepositories } from './served-repositories';
import { checkSettings, type HookSettings, type PullRequestHookProps } from './settings';

/**
 * A pull-request hook: builds every pull request of the served CodeCommit repositories in CodeBuild, and shows state
 * and result on the pull request.
 */
export class PullRequestHook extends Construct {
  /** Starts a build when a pull request is opened or updated, and builds that a sweep finds missing. */
  readonly startBuild: HookFunction;
  /** Comments a build's state and result on its pull request, and what a sweep finds missing there. */
  readonly publishBuildResult: HookFunction;
  /** Takes the events that could not be delivered or handled, for 14 days. */
  readonly failureQueue: Queue;

  /** @throws DeploymentError if a setting is not allowed, or the list of repositories is too long for AWS's limits. */
  constructor(scope: Construct, id: string, props: PullRequestHookProps = {}) {
    super(scope, id);
    const stack = Stack.of(this);
    const settings = checkSettings(props);
    const pullRequestPattern = matchPullRequestEvents(settings);
    checkEventPatternSize(pullRequestPattern);
    if (settings.permissionsBoundary !== undefined) {
      const boundary = iam.ManagedPolicy.fromManagedPolicyArn(this, 'Boundary', settings.permissionsBoundary);
      iam.PermissionsBoundary.of(this).apply(boundary);
    }

    this.failureQueue = this.createFailureQueue();
    const project = new BuildProject(this, 'Build', settings);
    const ofBothFunctions = {
      failureQueue: this.failureQueue,
      logRetentionDays: settings.logRetentionDays,
      // An event is a handful of API calls, the wait for a build's reports among them. A sweep takes what it gets, and
      // leaves the rest to the next one; the shortest period between two sweeps is as long.
      timeout: Duration.minutes(5),
    };
    const ofEverySweep = {
      SWEEP_MINUTES: String(settings.sweepMinutes),
      REPOSITORIES: new ServedRepositories(settings.repositories).toJson(),
    };

    const toPublish = allowToPublish(stack, settings, project);
    this.publishBuildResult = new HookFunction(this, 'PublishBuildResult', {
      ...ofBothFunctions,
      binaryName: 'publish-build-result',
      description: `Comments the state and result of builds on their pull requests (${settings.name}).`,
      environment: {
        HOOK_NAME: settings.name,
        PROJECT_NAME: project.projectName,
        LOG_LINES: String(settings.logLines),
        REPLIES: settings.replies,
        ...ofEverySweep,
      },
      environmentFromRole: (role) => ({ ROLE_NAME: role.roleName }),
      ...toPublish,
    });

    this.startBuild = new HookFunction(this, 'StartBuild', {
      ...ofBothFunctions,
      binaryName: 'start-build',
      description: `Starts a build for each pull request that is opened or updated (${settings.name}).`,
      environment: {
        HOOK_NAME: settings.name,
        PROJECT_NAME: project.projectName,
        CLONE_URL_PREFIX: `https://git-codecommit.${Aws.REGION}.${Aws.URL_SUFFIX}/v1/repos/`,
        BUILDSPEC: settings.buildspec,
        STOP_SUPERSEDED: String(settings.stopSuperseded),
        SWEEP_BUILDS: String(settings.sweepBuilds),
        BUILD_EXISTING: String(settings.buildExisting),
        ...ofEverySweep,
        // Together they are the author of the hook's comments, which name its builds.
        PUBLISH_FUNCTION_NAME: this.publishBuildResult.function.functionName,
        PUBLISH_ROLE_NAME: this.publishBuildResult.role.roleName,
      },
      ...allowToStart(stack, settings, project),
    });

    this.createRule('BuildRule', {
      description: `State changes of the builds of ${settings.name}.`,
      // Every state: the first one announces the build, and a state that AWS adds later must not go unseen.
      eventPattern: {
        source: ['aws.codebuild'],
        detailType: ['CodeBuild Build State Change'],
        detail: { 'project-name': [project.projectName] },
      },
      targets: [this.publishBuildResult],
    });
    this.createRule('NotStartedRule', {
      description: `Builds of ${settings.name} that could not be started.`,
      eventPattern: {
        account: [Aws.ACCOUNT_ID],
        source: [REPORT_SOURCE],
        detailType: ['Pull Request Build Not Started'],
        detail: { hook: [settings.name] },
      },
      targets: [this.publishBuildResult],
    });
    this.createRule('PullRequestRule', {
      description: `Pull requests opened, updated or closed, for ${settings.name}.`,
      eventPattern: pullRequestPattern,
      targets: [this.startBuild],
    });
    if (settings.sweepMinutes > 0) {
      this.createRule('SweepRule', {
        description: `When ${settings.name} looks for what events did not tell.`,
        schedule: Schedule.rate(Duration.minutes(settings.sweepMinutes)),
        targets: [this.startBuild, this.publishBuildResult],
      });
    }

    const watched = { functions: [this.startBuild, this.publishBuildResult], failureQueue: this.failureQueue };
    const alarms = new Alarms(this, 'Alarms', { ...watched, settings });
    new Dashboard(this, 'Dashboard', {
      ...watched,
      hookName: settings.name,
      projectName: project.projectName,
      alarms,
    });
  }

  private createFailureQueue(): Queue {
    const queue = new Queue(this, 'FailureQueue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
    });
    const reason = 'This is the dead-letter queue: of every rule target, and on-failure destination of both functions.';
    Validations.of(queue).acknowledge(
      { id: 'AwsSolutions-SQS3', reason },
      { id: 'Serverless-SQSRedrivePolicy', reason },
    );
    return queue;
  }

  private createRule(
    id: string,
    {
      targets,
      ...props
    }: { description: string; targets: HookFunction[] } & ({ eventPattern: EventPattern } | { schedule: Schedule }),
  ): void {
    new Rule(this, id, {
      ...props,
      targets: targets.map(
        (target) =>
          new LambdaFunction(target.function, {
            deadLetterQueue: this.failureQueue,
            // EventBridge's own maximum, said so that no default can change it.
            maxEventAge: Duration.hours(24),
            retryAttempts: 185,
          }),
      ),
    });
  }
}

/** The source of the events that start-build sends, as `crates/pull-request-build/src/not_started.rs` names it. */
const REPORT_SOURCE = 'pull-request-hook';

/** What start-build may do: nothing that the settings turn off. */
function allowToStart(
  stack: Stack,
  settings: HookSettings,
  project: BuildProject,
): Pick<HookFunctionProps, 'statements' | 'wildcards'> {
  const sweeps = settings.sweepMinutes > 0;
  const repositories = allowOnRepositories(
    stack,
    settings,
    [
      ...(sweeps ? ['codecommit:DescribePullRequestEvents'] : []),
      ...(sweeps || settings.stopSuperseded ? ['codecommit:GetCommentsForPullRequest'] : []),
      'codecommit:GetPullRequest',
      ...(sweeps ? ['codecommit:ListPullRequests'] : []),
    ],
    'read',
  );
  const list = allowToListRepositories(settings);
  const onBuilds = new iam.PolicyStatement({
    actions: [
      'codebuild:StartBuild',
      'codebuild:BatchGetBuilds',
      'codebuild:ListBuildsForProject',
      ...(settings.stopSuperseded ? ['codebuild:StopBuild'] : []),
      // Since when there are builds, so that a sweep leaves out what is older.
      ...(sweeps && !settings.buildExisting ? ['codebuild:BatchGetProjects'] : []),
    ],
    resources: [project.projectArn],
  });
  const toReport = new iam.PolicyStatement({
    actions: ['events:PutEvents'],
    resources: [stack.formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
    conditions: { StringEquals: { 'events:source': REPORT_SOURCE } },
  });
  return {
    statements: [...repositories.statements, ...list.statements, onBuilds, toReport],
    wildcards: [...repositories.wildcards, ...list.wildcards],
  };
}

/** What publish-build-result may do: nothing that the settings turn off. */
function allowToPublish(
  stack: Stack,
  settings: HookSettings,
  project: BuildProject,
): Pick<HookFunctionProps, 'statements' | 'wildcards'> {
  const sweeps = settings.sweepMinutes > 0;
  const repositories = allowOnRepositories(
    stack,
    settings,
    [
      'codecommit:GetBranch',
      'codecommit:GetCommentsForPullRequest',
      'codecommit:GetPullRequest',
      ...(sweeps ? ['codecommit:ListPullRequests'] : []),
      'codecommit:PostCommentForPullRequest',
      ...(settings.replies === 'never' ? [] : ['codecommit:PostCommentReply']),
      'codecommit:UpdateComment',
    ],
    'write',
  );
  const list = allowToListRepositories(settings);
  const statements = [
    ...repositories.statements,
    ...list.statements,
    new iam.PolicyStatement({
      actions: ['codebuild:BatchGetBuilds', ...(sweeps ? ['codebuild:ListBuildsForProject'] : [])],
      resources: [project.projectArn],
    }),
    new iam.PolicyStatement({
      actions: ['codebuild:BatchGetReports', 'codebuild:DescribeTestCases'],
      resources: [project.reportGroups.resource],
    }),
  ];
  if (settings.logLines > 0) {
    statements.push(
      new iam.PolicyStatement({ actions: ['logs:GetLogEvents'], resources: [project.logGroup.logGroupArn] }),
    );
  }
  return {
    statements,
    wildcards: [...repositories.wildcards, ...list.wildcards, project.reportGroups],
  };
}

/**
 * The two events that can mean a new commit to build, and the two after which nobody waits for a build. The function
 * would answer every other one of this kind with a reason to do nothing; approvals and comments need not pay for that.
 */
function matchPullRequestEvents(settings: HookSettings): EventPattern {
  return {
    source: ['aws.codecommit'],
    detailType: ['CodeCommit Pull Request State Change'],
    detail: {
      event: [
        'pullRequestCreated',
        'pullRequestSourceBranchUpdated',
        ...(settings.stopSuperseded ? ['pullRequestStatusChanged', 'pullRequestMergeStatusUpdated'] : []),
      ],
      ...new ServedRepositories(settings.repositories).eventPatternDetail(),
    },
  };
}
