import { Aws, type Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { Wildcard } from './least-privilege-role';
import { ServedRepositories } from './served-repositories';
import type { HookSettings } from './settings';

const KEY_ACTIONS_TO_READ = ['kms:Decrypt', 'kms:DescribeKey'];

// CodeCommit's user guide names these for whoever stores data in a repository, and does not say which call needs which.
const KEY_ACTIONS_TO_WRITE = [
  ...KEY_ACTIONS_TO_READ,
  'kms:Encrypt',
  'kms:GenerateDataKey',
  'kms:GenerateDataKeyWithoutPlaintext',
  'kms:ReEncryptFrom',
  'kms:ReEncryptTo',
];

/** What a role may do with the served repositories. */
export interface RepositoryPermissions {
  readonly statements: iam.PolicyStatement[];
  readonly wildcards: Wildcard[];
}

/**
 * Allows `actions` on the served repositories, and on their customer managed keys what CodeCommit does there in the
 * caller's name. All of the actions can be limited to a repository (Service Authorization Reference of CodeCommit).
 */
export function allowOnRepositories(
  stack: Stack,
  settings: HookSettings,
  actions: string[],
  access: 'read' | 'write',
): RepositoryPermissions {
  const arns = new ServedRepositories(settings.repositories).arns(stack);
  const statements = [new iam.PolicyStatement({ actions, resources: arns })];
  if (settings.repositoryKeyArns.length > 0) {
    statements.push(
      new iam.PolicyStatement({
        actions: access === 'read' ? KEY_ACTIONS_TO_READ : KEY_ACTIONS_TO_WRITE,
        resources: [...settings.repositoryKeyArns],
        conditions: { StringEquals: { 'kms:ViaService': `codecommit.${Aws.REGION}.${Aws.URL_SUFFIX}` } },
      }),
    );
  }
  const wildcards = arns
    .filter((arn) => arn.endsWith('*'))
    .map((resource) => ({
      resource,
      reason: 'The setting `repositories` serves every repository that this pattern matches.',
    }));
  return { statements, wildcards };
}

/** Allows a sweep to list the account's repositories, where the setting `repositories` does not name all that are served. */
export function allowToListRepositories(settings: HookSettings): RepositoryPermissions {
  if (settings.sweepMinutes === 0 || !new ServedRepositories(settings.repositories).hasPatterns) {
    return { statements: [], wildcards: [] };
  }
  return {
    statements: [new iam.PolicyStatement({ actions: ['codecommit:ListRepositories'], resources: ['*'] })],
    wildcards: [
      {
        resource: '*',
        reason: 'codecommit:ListRepositories cannot be limited to a repository.',
        serverlessRule: 'Serverless-LambdaStarPermissions',
      },
    ],
  };
}
