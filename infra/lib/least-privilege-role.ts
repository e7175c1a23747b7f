import { Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { DeploymentError } from './deployment-error';
import { writeReferences } from './intrinsics';
import { WAYS_OUT } from './served-repositories';

/** IAM's quota for all inline policies of a role together, in characters without white space. */
const INLINE_POLICY_LIMIT = 10_240;

/**
 * The longest that CloudFormation can put in the place of a reference. Regions and partitions are those of today with
 * some room; an attribute is at most the ARN of a generated name.
 */
const LONGEST: Readonly<Record<string, number>> = {
  'AWS::AccountId': 12,
  'AWS::Partition': 12,
  'AWS::Region': 18,
  'AWS::URLSuffix': 20,
};
const LONGEST_ATTRIBUTE = 320;

/** A wildcard in a policy, and the fact that makes it right. */
export interface Wildcard {
  readonly resource: string;
  readonly reason: string;
  /** The rule of cdk-nag's serverless pack that finds it too, in the role of a function. */
  readonly serverlessRule?: string;
}

/** What a {@link LeastPrivilegeRole} may do, and who may use it. */
export interface LeastPrivilegeRoleProps {
  readonly assumedBy: iam.IPrincipal;
  readonly statements: readonly iam.PolicyStatement[];
  /** Each wildcard resource in the statements. */
  readonly wildcards: readonly Wildcard[];
  readonly managedPolicies?: iam.IManagedPolicy[];
}

/**
 * A role with exactly one inline policy, which is part of the role's own resource.
 *
 * A policy of its own would let CDK move what does not fit to further resources, and let functions and projects start
 * before it is attached.
 */
export class LeastPrivilegeRole extends iam.Role {
  /** @throws DeploymentError if the policy is larger than IAM takes. */
  constructor(scope: Construct, id: string, props: LeastPrivilegeRoleProps) {
    const policy = new iam.PolicyDocument({ statements: [...props.statements], minimize: false });
    super(scope, id, {
      assumedBy: props.assumedBy,
      inlinePolicies: { Permissions: policy },
      managedPolicies: props.managedPolicies ?? [],
    });
    const stack = Stack.of(this);
    const size = measurePolicy(stack.resolve(policy));
    if (size > INLINE_POLICY_LIMIT) {
      throw new DeploymentError(
        `repositories (with repositoryKeyArns) makes a policy of up to ${size} characters for a role; IAM takes ${INLINE_POLICY_LIMIT}. ${WAYS_OUT}`,
      );
    }
    const flatten = (arn: string) => String(writeReferences(stack.resolve(arn), (reference) => `<${reference}>`));
    for (const { resource, reason, serverlessRule } of props.wildcards) {
      Validations.of(this).acknowledge({ id: `AwsSolutions-IAM5[Resource::${flatten(resource)}]`, reason });
      if (serverlessRule !== undefined) {
        Validations.of(this).acknowledge({ id: serverlessRule, reason });
      }
    }
    for (const { managedPolicyArn } of props.managedPolicies ?? []) {
      Validations.of(this).acknowledge({
        id: `AwsSolutions-IAM4[Policy::${flatten(managedPolicyArn)}]`,
        reason: 'The setting `buildRoleManagedPolicies` names this policy.',
      });
    }
  }

  /** The role as functions and projects get it, which then cannot add permissions of their own accord. */
  asIs(): iam.IRole {
    return this.withoutPolicyUpdates();
  }
}

function measurePolicy(policy: unknown): number {
  const written = writeReferences(policy, (reference) => 'x'.repeat(LONGEST[reference] ?? LONGEST_ATTRIBUTE));
  return JSON.stringify(written).length;
}
