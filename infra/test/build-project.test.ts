import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findResource, synthesize } from './synthesize';
import type { PullRequestHookProps } from '../lib/settings';

function synthesizeProject(settings: PullRequestHookProps = {}): Record<string, unknown> {
  return findResource(synthesize(settings), 'AWS::CodeBuild::Project').properties;
}

test('the project has no source, artifacts, cache, VPC or limit of its own', () => {
  const project = synthesizeProject();
  const source = project.Source as { Type: string; BuildSpec: string };
  assert.equal(source.Type, 'NO_SOURCE');
  assert.deepEqual(project.Artifacts, { Type: 'NO_ARTIFACTS' });
  assert.deepEqual(project.Cache, { Type: 'NO_CACHE' });
  assert.equal(project.VpcConfig, undefined);
  assert.equal(project.ConcurrentBuildLimit, undefined);
});

test('a build that no pull request started fails and says why', () => {
  const { BuildSpec } = synthesizeProject().Source as { BuildSpec: string };
  assert.match(BuildSpec, /^version: 0\.2\n/);
  assert.match(BuildSpec, /- echo "Builds start through a pull request\." && exit 1\n$/);
});

test('the defaults', () => {
  const template = synthesize();
  const { Name, Environment, TimeoutInMinutes, QueuedTimeoutInMinutes, LogsConfig } = findResource(
    template,
    'AWS::CodeBuild::Project',
  ).properties;
  assert.deepEqual(
    { Name, Environment, TimeoutInMinutes, QueuedTimeoutInMinutes, LogsConfig },
    {
      Name: 'pull-request-hook',
      Environment: {
        Type: 'LINUX_CONTAINER',
        Image: 'aws/codebuild/amazonlinux-x86_64-standard:6.0',
        ImagePullCredentialsType: 'CODEBUILD',
        ComputeType: 'BUILD_GENERAL1_SMALL',
        PrivilegedMode: false,
        EnvironmentVariables: [],
      },
      TimeoutInMinutes: 60,
      QueuedTimeoutInMinutes: 480,
      LogsConfig: {
        CloudWatchLogs: {
          Status: 'ENABLED',
          GroupName: `<${findResource(template, 'AWS::Logs::LogGroup', 'Build').logicalId}>`,
        },
      },
    },
  );
});

test('settings reach the project', () => {
  const project = synthesizeProject({
    name: 'payments-hook',
    image: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/build/rust:1.94',
    computeType: 'BUILD_GENERAL1_LARGE',
    privileged: true,
    timeoutMinutes: 5,
    queuedTimeoutMinutes: 30,
    environmentVariables: { RUST_LOG: 'info' },
  });
  assert.equal(project.Name, 'payments-hook');
  assert.equal(project.TimeoutInMinutes, 5);
  assert.equal(project.QueuedTimeoutInMinutes, 30);
  assert.deepEqual(project.Environment, {
    Type: 'LINUX_CONTAINER',
    Image: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/build/rust:1.94',
    ImagePullCredentialsType: 'SERVICE_ROLE',
    ComputeType: 'BUILD_GENERAL1_LARGE',
    PrivilegedMode: true,
    EnvironmentVariables: [{ Name: 'RUST_LOG', Value: 'info', Type: 'PLAINTEXT' }],
  });
});

test("CodeBuild's aarch64 images run on Arm", () => {
  const { Environment } = synthesizeProject({ image: 'aws/codebuild/amazonlinux-aarch64-standard:4.0' });
  assert.equal((Environment as { Type: string }).Type, 'ARM_CONTAINER');
});

test('builds run in the VPC of the settings', () => {
  const { VpcConfig } = synthesizeProject({
    vpcId: 'vpc-0123456789abcde0a',
    subnetIds: ['subnet-0123456789abcde0a', 'subnet-0123456789abcde0b'],
    securityGroupIds: ['sg-0123456789abcde0a'],
  });
  assert.deepEqual(VpcConfig, {
    VpcId: 'vpc-0123456789abcde0a',
    Subnets: ['subnet-0123456789abcde0a', 'subnet-0123456789abcde0b'],
    SecurityGroupIds: ['sg-0123456789abcde0a'],
  });
});
