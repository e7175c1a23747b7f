import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findResource, findResources, listPermissions, synthesize } from './synthesize';

const PLACE = '<AWS::Region>:<AWS::AccountId>';
const repository = (name: string) => `arn:<AWS::Partition>:codecommit:${PLACE}:${name}`;
const PROJECT = `arn:<AWS::Partition>:codebuild:${PLACE}:project/pull-request-hook`;
const KEY = 'arn:aws:kms:eu-central-1:123456789012:key/0a1b';
const VIA_CODECOMMIT = 'if {"StringEquals":{"kms:ViaService":"codecommit.<AWS::Region>.<AWS::URLSuffix>"}}';

const template = synthesize({ repositories: ['payments'] });

const OF_START_BUILD = [
  `codebuild:BatchGetBuilds on ${PROJECT}`,
  `codebuild:BatchGetProjects on ${PROJECT}`,
  `codebuild:ListBuildsForProject on ${PROJECT}`,
  `codebuild:StartBuild on ${PROJECT}`,
  `codebuild:StopBuild on ${PROJECT}`,
  `codecommit:DescribePullRequestEvents on ${repository('payments')}`,
  `codecommit:GetCommentsForPullRequest on ${repository('payments')}`,
  `codecommit:GetPullRequest on ${repository('payments')}`,
  `codecommit:ListPullRequests on ${repository('payments')}`,
  `events:PutEvents on arn:<AWS::Partition>:events:${PLACE}:event-bus/default ` +
    'if {"StringEquals":{"events:source":"pull-request-hook"}}',
  'logs:CreateLogStream on <StartBuildLogs>',
  'logs:PutLogEvents on <StartBuildLogs>',
  'sqs:SendMessage on <FailureQueue>',
];

test('start-build may read pull requests and comments, start, find and stop builds, log, and report failures', () => {
  assert.deepEqual(listPermissions(template, 'StartBuild'), OF_START_BUILD);
});

test('start-build may not do what the settings turn off', () => {
  const ofSweeps = /BatchGetProjects|DescribePullRequestEvents|ListPullRequests/;
  for (const [settings, withdrawn] of [
    [{ stopSuperseded: false }, /StopBuild/],
    [{ buildExisting: true }, /BatchGetProjects/],
    [{ sweepMinutes: 0 }, ofSweeps],
    // What both a sweep and the stopping of builds read.
    [{ sweepMinutes: 0, stopSuperseded: false }, new RegExp(`${ofSweeps.source}|StopBuild|GetComments`)],
  ] as const) {
    assert.deepEqual(
      listPermissions(synthesize({ repositories: ['payments'], ...settings }), 'StartBuild'),
      OF_START_BUILD.filter((permission) => !withdrawn.test(permission)),
    );
  }
});

test('the functions may list repositories where a sweep has to find out which are served', () => {
  const listing = (repositories: string[], sweepMinutes: number) =>
    ['StartBuild', 'PublishBuildResult', 'Build'].map(
      (role) =>
        listPermissions(synthesize({ repositories, sweepMinutes }), role).filter((line) =>
          line.startsWith('codecommit:ListRepositories'),
        ).length,
    );
  assert.deepEqual(listing(['*'], 15), [1, 1, 0]);
  assert.deepEqual(listing(['payments', 'team-a-*'], 15), [1, 1, 0]);
  assert.deepEqual(listing(['payments'], 15), [0, 0, 0]);
  assert.deepEqual(listing(['*'], 0), [0, 0, 0]);
});

const REPORT_GROUPS = `arn:<AWS::Partition>:codebuild:${PLACE}:report-group/pull-request-hook-*`;

const OF_PUBLISH_BUILD_RESULT = [
  `codebuild:BatchGetBuilds on ${PROJECT}`,
  `codebuild:BatchGetReports on ${REPORT_GROUPS}`,
  `codebuild:DescribeTestCases on ${REPORT_GROUPS}`,
  `codebuild:ListBuildsForProject on ${PROJECT}`,
  `codecommit:GetBranch on ${repository('payments')}`,
  `codecommit:GetCommentsForPullRequest on ${repository('payments')}`,
  `codecommit:GetPullRequest on ${repository('payments')}`,
  `codecommit:ListPullRequests on ${repository('payments')}`,
  `codecommit:PostCommentForPullRequest on ${repository('payments')}`,
  `codecommit:PostCommentReply on ${repository('payments')}`,
  `codecommit:UpdateComment on ${repository('payments')}`,
  'logs:CreateLogStream on <PublishBuildResultLogs>',
  'logs:GetLogEvents on <BuildLogs>',
  'logs:PutLogEvents on <PublishBuildResultLogs>',
  'sqs:SendMessage on <FailureQueue>',
];

test('publish-build-result may read builds, their reports and their log, and read and write comments', () => {
  assert.deepEqual(listPermissions(template, 'PublishBuildResult'), OF_PUBLISH_BUILD_RESULT);
});

test('publish-build-result may not do what the settings turn off', () => {
  for (const [settings, withdrawn] of [
    [{ logLines: 0 }, /logs:GetLogEvents/],
    [{ replies: 'never' }, /codecommit:PostCommentReply/],
    [{ sweepMinutes: 0 }, /ListBuildsForProject|ListPullRequests/],
  ] as const) {
    assert.deepEqual(
      listPermissions(synthesize({ repositories: ['payments'], ...settings }), 'PublishBuildResult'),
      OF_PUBLISH_BUILD_RESULT.filter((permission) => !withdrawn.test(permission)),
    );
  }
});

const OF_EVERY_BUILD = [
  `codebuild:BatchPutCodeCoverages on ${REPORT_GROUPS}`,
  `codebuild:BatchPutTestCases on ${REPORT_GROUPS}`,
  `codebuild:CreateReport on ${REPORT_GROUPS}`,
  `codebuild:CreateReportGroup on ${REPORT_GROUPS}`,
  `codebuild:UpdateReport on ${REPORT_GROUPS}`,
  `codecommit:GitPull on ${repository('payments')}`,
];
const LOGS_OF_EVERY_BUILD = [
  'logs:CreateLogGroup on <BuildLogs>',
  'logs:CreateLogStream on <BuildLogs>',
  'logs:PutLogEvents on <BuildLogs>',
];

test('a build may pull its source, log, and write reports', () => {
  assert.deepEqual(listPermissions(template, 'Build'), [...OF_EVERY_BUILD, ...LOGS_OF_EVERY_BUILD]);
});

test("only CodeBuild, for this project of this account, takes the builds' role", () => {
  const { AssumeRolePolicyDocument } = findResource(template, 'AWS::IAM::Role', 'Build').properties;
  assert.deepEqual((AssumeRolePolicyDocument as { Statement: unknown }).Statement, [
    {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { Service: 'codebuild.amazonaws.com' },
      Condition: { StringEquals: { 'aws:SourceArn': PROJECT, 'aws:SourceAccount': '<AWS::AccountId>' } },
    },
  ]);
});

test('no role has a managed policy or a boundary unless a setting names it', () => {
  for (const { properties } of findResources(template, 'AWS::IAM::Role')) {
    assert.equal(properties.ManagedPolicyArns, undefined);
    assert.equal(properties.PermissionsBoundary, undefined);
  }
});

test("buildRoleManagedPolicies reach the builds' role alone", () => {
  const withPolicies = synthesize({
    buildRoleManagedPolicies: ['AmazonS3ReadOnlyAccess', 'arn:aws:iam::123456789012:policy/own'],
  });
  assert.deepEqual(findResource(withPolicies, 'AWS::IAM::Role', 'Build').properties.ManagedPolicyArns, [
    'arn:<AWS::Partition>:iam::aws:policy/AmazonS3ReadOnlyAccess',
    'arn:aws:iam::123456789012:policy/own',
  ]);
  for (const role of ['StartBuild', 'PublishBuildResult']) {
    assert.equal(findResource(withPolicies, 'AWS::IAM::Role', role).properties.ManagedPolicyArns, undefined);
  }
});

test('the permissions boundary is on every role', () => {
  const permissionsBoundary = 'arn:aws:iam::123456789012:policy/boundary';
  const boundaries = findResources(synthesize({ permissionsBoundary }), 'AWS::IAM::Role').map(
    ({ properties }) => properties.PermissionsBoundary,
  );
  assert.deepEqual(boundaries, [permissionsBoundary, permissionsBoundary, permissionsBoundary]);
});

test('on customer managed keys, a role may do what CodeCommit does in its name, and only through CodeCommit', () => {
  const withKey = synthesize({ repositories: ['payments'], repositoryKeyArns: [KEY] });
  const ofKms = (role: string) => listPermissions(withKey, role).filter((line) => line.startsWith('kms:'));
  const read = ['kms:Decrypt', 'kms:DescribeKey'].map((action) => `${action} on ${KEY} ${VIA_CODECOMMIT}`);
  assert.deepEqual(ofKms('StartBuild'), read);
  assert.deepEqual(ofKms('Build'), read);
  assert.deepEqual(
    ofKms('PublishBuildResult'),
    [
      ...['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:GenerateDataKey'],
      ...['kms:GenerateDataKeyWithoutPlaintext', 'kms:ReEncryptFrom', 'kms:ReEncryptTo'],
    ].map((action) => `${action} on ${KEY} ${VIA_CODECOMMIT}`),
  );
});

test('a build in a VPC may make its network interface in the given subnets', () => {
  const inVpc = synthesize({
    vpcId: 'vpc-0123456789abcde0a',
    subnetIds: ['subnet-0123456789abcde0a'],
    securityGroupIds: ['sg-0123456789abcde0a'],
  });
  const ofEc2 = listPermissions(inVpc, 'Build').filter((line) => line.startsWith('ec2:'));
  assert.deepEqual(ofEc2, [
    'ec2:CreateNetworkInterface on *',
    `ec2:CreateNetworkInterfacePermission on arn:<AWS::Partition>:ec2:${PLACE}:network-interface/* if ` +
      `{"StringEquals":{"ec2:AuthorizedService":"codebuild.amazonaws.com"},` +
      `"ArnEquals":{"ec2:Subnet":["arn:<AWS::Partition>:ec2:${PLACE}:subnet/subnet-0123456789abcde0a"]}}`,
    'ec2:DeleteNetworkInterface on *',
    'ec2:DescribeDhcpOptions on *',
    'ec2:DescribeNetworkInterfaces on *',
    'ec2:DescribeSecurityGroups on *',
    'ec2:DescribeSubnets on *',
    'ec2:DescribeVpcs on *',
  ]);
});

test('a build may fetch its image from the one repository in ECR', () => {
  const image = '123456789012.dkr.ecr.eu-central-1.amazonaws.com/build/rust@sha256:0a1b';
  const ofEcr = listPermissions(synthesize({ image }), 'Build').filter((line) => line.startsWith('ecr:'));
  const arn = 'arn:<AWS::Partition>:ecr:eu-central-1:123456789012:repository/build/rust';
  assert.deepEqual(ofEcr, [
    `ecr:BatchCheckLayerAvailability on ${arn}`,
    `ecr:BatchGetImage on ${arn}`,
    'ecr:GetAuthorizationToken on *',
    `ecr:GetDownloadUrlForLayer on ${arn}`,
  ]);
});

test('no policy stands beside the roles', () => {
  template.resourceCountIs('AWS::IAM::Policy', 0);
  template.resourceCountIs('AWS::IAM::ManagedPolicy', 0);
});
