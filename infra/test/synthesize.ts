import { App } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { writeReferences } from '../lib/intrinsics';
import { PullRequestHookStack } from '../lib/pull-request-hook-stack';
import type { PullRequestHookProps } from '../lib/settings';

/** Settings that add every part a hook can have. */
export const EVERYTHING: PullRequestHookProps = {
  repositories: ['payments', 'team-a-*'],
  image: '123456789012.dkr.ecr.eu-central-1.amazonaws.com/build/rust:1.94',
  privileged: true,
  vpcId: 'vpc-0123456789abcdef0',
  subnetIds: ['subnet-0123456789abcdef0'],
  securityGroupIds: ['sg-0123456789abcdef0'],
  environmentVariables: { RUST_LOG: 'info' },
  buildRoleManagedPolicies: ['AmazonS3ReadOnlyAccess'],
  repositoryKeyArns: ['arn:aws:kms:eu-central-1:123456789012:key/0a1b'],
  alarmTopicArn: 'arn:aws:sns:eu-central-1:123456789012:alarms',
  permissionsBoundary: 'arn:aws:iam::123456789012:policy/boundary',
};

/** A resource of a template, with every reference written as `<LogicalId.Attribute>` or `<AWS::Region>`. */
export interface Resource {
  readonly logicalId: string;
  readonly properties: Record<string, unknown>;
}

/** Synthesizes a hook without compiling its functions. */
export function synthesize(settings: PullRequestHookProps = {}): Template {
  // CloudFormation's own rules take seconds in every process; nag.test.ts runs them once, with every setting.
  const app = new App({ builtinCloudFormationValidation: false, context: { 'aws:cdk:bundling-stacks': [] } });
  return Template.fromStack(new PullRequestHookStack(app, 'stack', settings));
}

/** The resources of a type, whose logical ids begin with `Hook` and `name`. */
export function findResources(template: Template, type: string, name = ''): Resource[] {
  return Object.entries(template.findResources(type))
    .filter(([logicalId]) => logicalId.startsWith(`Hook${name}`))
    .map(([logicalId, resource]) => ({
      logicalId,
      properties: flatten((resource as { Properties: unknown }).Properties) as Record<string, unknown>,
    }));
}

/** The one resource of a type whose logical id begins with `Hook` and `name`. */
export function findResource(template: Template, type: string, name = ''): Resource {
  const found = findResources(template, type, name);
  const [first] = found;
  if (first === undefined || found.length > 1) {
    throw new Error(`the template has ${found.length} resources ${type} named Hook${name}…, not one`);
  }
  return first;
}

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: unknown;
}

/** Every permission of a role, as `ACTION on RESOURCE` and the condition, if there is one. */
export function listPermissions(template: Template, role: string): string[] {
  const policies = (findResource(template, 'AWS::IAM::Role', role).properties.Policies ?? []) as {
    PolicyDocument: { Statement: Statement[] };
  }[];
  return policies
    .flatMap((policy) => policy.PolicyDocument.Statement)
    .flatMap(({ Action, Resource, Condition }) =>
      [Action].flat().flatMap((action) =>
        [Resource].flat().map((resource) => {
          const condition = Condition === undefined ? '' : ` if ${JSON.stringify(Condition)}`;
          return `${action} on ${resource.replace(/<Hook(\w+?)[0-9A-F]{8}\.Arn>/, '<$1>')}${condition}`;
        }),
      ),
    )
    .sort();
}

function flatten(value: unknown): unknown {
  return writeReferences(value, (reference) => `<${reference}>`);
}
