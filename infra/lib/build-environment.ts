import { Aws, type Stack, Validations } from 'aws-cdk-lib';
import type { CfnProject } from 'aws-cdk-lib/aws-codebuild';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Wildcard } from './least-privilege-role';
import type { HookSettings } from './settings';

/** The machine, image and variables of the builds. */
export function buildEnvironment(settings: HookSettings): CfnProject.EnvironmentProperty {
  return {
    type: /^aws\/codebuild\/.*aarch64/.test(settings.image) ? 'ARM_CONTAINER' : 'LINUX_CONTAINER',
    image: settings.image,
    // With SERVICE_ROLE CodeBuild fetches the image in the name of the builds' role.
    imagePullCredentialsType: isManagedImage(settings) ? 'CODEBUILD' : 'SERVICE_ROLE',
    computeType: settings.computeType,
    privilegedMode: settings.privileged,
    environmentVariables: Object.entries(settings.environmentVariables).map(([name, value]) => ({
      name,
      value,
      type: 'PLAINTEXT',
    })),
  };
}

/** What the builds' role needs for its image and its VPC. */
export function allowBuildEnvironment(
  stack: Stack,
  settings: HookSettings,
): { statements: iam.PolicyStatement[]; wildcards: Wildcard[] } {
  const parts = [allowImagePull(settings), allowVpc(stack, settings)];
  return {
    statements: parts.flatMap(({ statements }) => statements),
    wildcards: parts.flatMap(({ wildcards }) => wildcards),
  };
}

/** Says why the project may stay as cdk-nag would not have it. */
export function acknowledgeFindings(project: CfnProject, settings: HookSettings): void {
  const validations = Validations.of(project);
  validations.acknowledge({
    id: 'AwsSolutions-CB4',
    reason: 'The project has no artifacts and no cache, so there is nothing that its key would encrypt.',
  });
  if (!isManagedImage(settings)) {
    validations.acknowledge({ id: 'AwsSolutions-CB5', reason: 'The setting `image` names an image of your own.' });
  }
}

function isManagedImage({ image }: HookSettings): boolean {
  return image.startsWith('aws/codebuild/');
}

function allowImagePull({ image }: HookSettings): { statements: iam.PolicyStatement[]; wildcards: Wildcard[] } {
  const [, account, region, repository] = /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.[^/]+\/([^:@]+)/.exec(image) ?? [];
  if (account === undefined || region === undefined || repository === undefined) {
    return { statements: [], wildcards: [] };
  }
  return {
    statements: [
      new iam.PolicyStatement({
        actions: ['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'],
        resources: [`arn:${Aws.PARTITION}:ecr:${region}:${account}:repository/${repository}`],
      }),
      new iam.PolicyStatement({ actions: ['ecr:GetAuthorizationToken'], resources: ['*'] }),
    ],
    wildcards: [{ resource: '*', reason: 'ecr:GetAuthorizationToken cannot be limited to a resource.' }],
  };
}

function allowVpc(stack: Stack, settings: HookSettings): { statements: iam.PolicyStatement[]; wildcards: Wildcard[] } {
  if (settings.vpcId === undefined) {
    return { statements: [], wildcards: [] };
  }
  const interfaces = stack.formatArn({ service: 'ec2', resource: 'network-interface', resourceName: '*' });
  const subnets = settings.subnetIds.map((id) =>
    stack.formatArn({ service: 'ec2', resource: 'subnet', resourceName: id }),
  );
  return {
    // The policy that CodeBuild's guide gives for builds in a VPC.
    statements: [
      new iam.PolicyStatement({
        actions: [
          'ec2:CreateNetworkInterface',
          'ec2:DeleteNetworkInterface',
          'ec2:DescribeDhcpOptions',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSecurityGroups',
          'ec2:DescribeSubnets',
          'ec2:DescribeVpcs',
        ],
        resources: ['*'],
      }),
      new iam.PolicyStatement({
        actions: ['ec2:CreateNetworkInterfacePermission'],
        resources: [interfaces],
        conditions: {
          StringEquals: { 'ec2:AuthorizedService': 'codebuild.amazonaws.com' },
          ArnEquals: { 'ec2:Subnet': subnets },
        },
      }),
    ],
    wildcards: [
      {
        resource: '*',
        reason:
          "CodeBuild checks these actions before a build's network interface exists; EC2's Describe actions take no resource.",
      },
      {
        resource: interfaces,
        reason: "A build's network interface has no name before it is created; the condition limits it to the subnets.",
      },
    ],
  };
}
