import { join } from 'node:path';
import { Duration, Stack, Validations } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Architecture, type IFunction } from 'aws-cdk-lib/aws-lambda';
import { SqsDestination } from 'aws-cdk-lib/aws-lambda-destinations';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { cargoLambdaVersion, RustFunction } from 'cargo-lambda-cdk';
import { Construct } from 'constructs';
import { DeploymentError } from './deployment-error';
import { ExpiringLogGroup } from './expiring-log-group';
import { LeastPrivilegeRole, type Wildcard } from './least-privilege-role';
import { type HookSettings } from './settings';

const MANIFEST_PATH = join(__dirname, '../../Cargo.toml');

/**
 * Cargo chooses the features of dependencies for these packages together. Without the choice, features that only other
 * crates of the workspace ask for would be in the binaries; with another choice for each function, the dependencies
 * would be compiled twice.
 */
const PACKAGES = ['start-build', 'publish-build-result'] as const;

/** What tells one function of the hook from the other. */
export interface HookFunctionProps {
  /** The binary of the Cargo workspace that the function runs. Its package has the same name. */
  readonly binaryName: (typeof PACKAGES)[number];
  readonly description: string;
  readonly timeout: Duration;
  readonly environment: Readonly<Record<string, string>>;
  /** Further variables, which need the function's own role. */
  readonly environmentFromRole?: (role: iam.IRole) => Readonly<Record<string, string>>;
  /** What the function may do, besides writing its log and sending failed events to the queue. */
  readonly statements: readonly iam.PolicyStatement[];
  readonly wildcards: readonly Wildcard[];
  /** Takes the events that the function could not handle. */
  readonly failureQueue: IQueue;
  readonly logRetentionDays: HookSettings['logRetentionDays'];
}

/** A Lambda function of the hook: its binary for arm64, its log group, its role, and what happens when it fails. */
export class HookFunction extends Construct {
  readonly binaryName: string;
  readonly function: IFunction;
  readonly role: iam.IRole;

  constructor(scope: Construct, id: string, props: HookFunctionProps) {
    super(scope, id);
    this.binaryName = props.binaryName;

    const logGroup = new ExpiringLogGroup(this, 'Logs', props);
    const role = new LeastPrivilegeRole(this, 'Role', {
      assumedBy: new iam.ServicePrincipal('lambda.amazonaws.com'),
      statements: [
        ...props.statements,
        // No logs:CreateLogGroup: the group exists, and a deleted one must not come back without its retention.
        new iam.PolicyStatement({
          actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
          resources: [logGroup.logGroupArn],
        }),
        // Lambda sends to the on-failure destination in the name of the function's role.
        new iam.PolicyStatement({ actions: ['sqs:SendMessage'], resources: [props.failureQueue.queueArn] }),
      ],
      wildcards: props.wildcards,
    });

    if (Stack.of(this).bundlingRequired && cargoLambdaVersion() !== true) {
      throw new DeploymentError(
        `cargo lambda, which builds ${props.binaryName}, is not installed: run \`pip install cargo-lambda==1.9.2\``,
      );
    }
    const rustFunction = new RustFunction(this, 'Function', {
      manifestPath: MANIFEST_PATH,
      binaryName: props.binaryName,
      description: props.description,
      architecture: Architecture.ARM_64,
      bundling: {
        architecture: Architecture.ARM_64,
        cargoLambdaFlags: ['--locked', ...PACKAGES.flatMap((name) => ['--package', name])],
      },
      environment: { ...props.environment, ...props.environmentFromRole?.(role) },
      // CPU comes with memory: at 256 MB, the 3 ms that a cold start's TLS handshake computes take some 20 ms. The
      // memory itself would be enough at the least that Lambda offers.
      memorySize: 256,
      timeout: props.timeout,
      role: role.asIs(),
      logGroup,
      retryAttempts: 2,
      maxEventAge: Duration.hours(6),
      onFailure: new SqsDestination(props.failureQueue),
    });
    this.function = rustFunction;
    this.role = role.asIs();

    Validations.of(rustFunction).acknowledge(
      {
        id: 'Serverless-LambdaDLQ',
        reason:
          'The on-failure destination takes failed events, with the error that a dead-letter queue would leave out.',
      },
      {
        id: 'Serverless-LambdaTracing',
        reason: 'Every log line names its pull request and build. Tracing would add permissions on all resources.',
      },
    );
  }
}
