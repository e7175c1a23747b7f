import { Aws, Stack } from 'aws-cdk-lib';
import { CfnProject } from 'aws-cdk-lib/aws-codebuild';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { ILogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { acknowledgeFindings, allowBuildEnvironment, buildEnvironment } from './build-environment';
import { ExpiringLogGroup } from './expiring-log-group';
import { LeastPrivilegeRole, type Wildcard } from './least-privilege-role';
import { allowOnRepositories } from './repository-permissions';
import type { HookSettings } from './settings';

/** Runs when a build is started without a pull request, for example in the console. */
const BUILDSPEC_WITHOUT_SOURCE = `version: 0.2
phases:
  build:
    commands:
      - echo "Builds start through a pull request." && exit 1
`;

/**
 * The CodeBuild project that runs every build of the hook. It has no source: each StartBuild names the repository, the
 * commit and the buildspec.
 *
 * Written with the CloudFormation resource, because CDK's Project grants its role wildcards and, in a VPC, adds a
 * policy resource of its own.
 */
export class BuildProject extends Construct {
  readonly projectName: string;
  readonly projectArn: string;
  /** The report groups that builds write to: CodeBuild names one PROJECT-REPORT, after a report of the buildspec. */
  readonly reportGroups: Wildcard;
  readonly logGroup: ILogGroup;

  constructor(scope: Construct, id: string, settings: HookSettings) {
    super(scope, id);
    const stack = Stack.of(this);
    this.projectName = settings.name;
    // Formatted from the name: the role's trust needs the ARN before the project exists.
    this.projectArn = stack.formatArn({ service: 'codebuild', resource: 'project', resourceName: settings.name });

    this.reportGroups = {
      resource: stack.formatArn({
        service: 'codebuild',
        resource: 'report-group',
        resourceName: `${settings.name}-*`,
      }),
      reason: "Report groups are named in buildspecs, always with the project's name in front.",
    };
    this.logGroup = new ExpiringLogGroup(this, 'Logs', settings);
    const role = this.createRole(stack, settings);

    const project = new CfnProject(this, 'Project', {
      name: settings.name,
      description: 'Builds the pull requests of CodeCommit repositories.',
      serviceRole: role.roleArn,
      source: { type: 'NO_SOURCE', buildSpec: BUILDSPEC_WITHOUT_SOURCE },
      artifacts: { type: 'NO_ARTIFACTS' },
      // One build's cache must not reach another: all repositories share this project.
      cache: { type: 'NO_CACHE' },
      environment: buildEnvironment(settings),
      timeoutInMinutes: settings.timeoutMinutes,
      queuedTimeoutInMinutes: settings.queuedTimeoutMinutes,
      logsConfig: { cloudWatchLogs: { status: 'ENABLED', groupName: this.logGroup.logGroupName } },
      ...(settings.vpcId !== undefined && {
        vpcConfig: {
          vpcId: settings.vpcId,
          subnets: [...settings.subnetIds],
          securityGroupIds: [...settings.securityGroupIds],
        },
      }),
    });
    acknowledgeFindings(project, settings);
  }

  private createRole(stack: Stack, settings: HookSettings): LeastPrivilegeRole {
    const repositories = allowOnRepositories(stack, settings, ['codecommit:GitPull'], 'read');
    const environment = allowBuildEnvironment(stack, settings);
    return new LeastPrivilegeRole(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('codebuild.amazonaws.com', {
        conditions: {
          StringEquals: { 'aws:SourceArn': this.projectArn, 'aws:SourceAccount': Aws.ACCOUNT_ID },
        },
      }),
      statements: [
        ...repositories.statements,
        // CodeBuild's guide asks for CreateLogGroup even where the group exists; it is limited to this one.
        new iam.PolicyStatement({
          actions: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [this.logGroup.logGroupArn],
        }),
        // CodeBuild creates a report group when a buildspec first mentions it.
        new iam.PolicyStatement({
          actions: [
            'codebuild:CreateReportGroup',
            'codebuild:CreateReport',
            'codebuild:UpdateReport',
            'codebuild:BatchPutTestCases',
            'codebuild:BatchPutCodeCoverages',
          ],
          resources: [this.reportGroups.resource],
        }),
        ...environment.statements,
      ],
      wildcards: [...repositories.wildcards, this.reportGroups, ...environment.wildcards],
      managedPolicies: settings.buildRoleManagedPolicies.map((policy, index) =>
        policy.startsWith('arn:')
          ? iam.ManagedPolicy.fromManagedPolicyArn(this, `ManagedPolicy${index}`, policy)
          : iam.ManagedPolicy.fromAwsManagedPolicyName(policy),
      ),
    });
  }
}
