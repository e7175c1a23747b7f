import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { readBuildVariableNames } from './build-variable-names';
import { DeploymentError } from './deployment-error';

/** Settings of a pull-request hook. Meaning and allowed values stand in {@link SETTINGS}. */
export interface PullRequestHookProps {
  /** @default - `pull-request-hook` */
  readonly name?: string;
  /** @default - all repositories of the account and region */
  readonly repositories?: readonly string[];
  /** @default - `buildspec-tests.yaml` */
  readonly buildspec?: string;
  /** @default - the newest Amazon Linux image of CodeBuild for x86_64 */
  readonly image?: string;
  /** @default - `BUILD_GENERAL1_SMALL` */
  readonly computeType?: string;
  /** @default - false */
  readonly privileged?: boolean;
  /** @default - 60 */
  readonly timeoutMinutes?: number;
  /** @default - 480 */
  readonly queuedTimeoutMinutes?: number;
  /** @default - true */
  readonly stopSuperseded?: boolean;
  /** @default - 15 */
  readonly sweepMinutes?: number;
  /** @default - 20 */
  readonly sweepBuilds?: number;
  /** @default - false */
  readonly buildExisting?: boolean;
  /** @default - 40 */
  readonly logLines?: number;
  /** @default - `onChange` */
  readonly replies?: string;
  /** @default - builds run outside of your VPCs */
  readonly vpcId?: string;
  /** @default - none; needed with `vpcId` */
  readonly subnetIds?: readonly string[];
  /** @default - none; needed with `vpcId` */
  readonly securityGroupIds?: readonly string[];
  /** @default - none */
  readonly environmentVariables?: Readonly<Record<string, string>>;
  /** @default - none */
  readonly buildRoleManagedPolicies?: readonly string[];
  /** @default - none; repositories under the AWS managed key need no entry */
  readonly repositoryKeyArns?: readonly string[];
  /** @default - none */
  readonly permissionsBoundary?: string;
  /** @default - 90 */
  readonly logRetentionDays?: RetentionDays;
  /** @default - alarms tell nobody, and are seen on the dashboard */
  readonly alarmTopicArn?: string;
}

/** The name of a setting, in `-c name=value` and among the construct's props. */
export type SettingName = keyof PullRequestHookProps;

type SettingWithoutDefault = 'vpcId' | 'permissionsBoundary' | 'alarmTopicArn';

/** Checked settings, the defaults filled in. */
export type HookSettings = Required<Omit<PullRequestHookProps, SettingWithoutDefault>> &
  Pick<PullRequestHookProps, SettingWithoutDefault>;

/** How a setting is written as text; `list` and `map` may also be JSON. */
export type SettingKind = 'text' | 'number' | 'flag' | 'list' | 'map';

/** One setting, as the README tells it and the code checks it. */
export interface Setting {
  readonly kind: SettingKind;
  /** Absent where the setting has no value unless one is given. */
  readonly default?: unknown;
  readonly meaning: string;
  readonly allowed: string;
  readonly isAllowed: (value: unknown) => boolean;
}

const COMPUTE_TYPES = ['SMALL', 'MEDIUM', 'LARGE', 'XLARGE', '2XLARGE'].map((size) => `BUILD_GENERAL1_${size}`);

// CodeBuild's own limits of a project, in minutes (API reference, CreateProject).
const TIMEOUT = { from: 5, to: 2160 };
const QUEUED_TIMEOUT = { from: 5, to: 480 };
// A sweep may take its function's five minutes, and the next one starts only then. A day is as long as it may be.
const SWEEP = { from: 5, to: 1440 };
const SWEEP_BUILDS = { from: 1, to: 100 };
// More would leave no room for the failing tests: a comment has 10,240 characters.
const LOG_LINES = { from: 0, to: 40 };
const REPLIES = ['never', 'onChange', 'always'];
const VPC_LIMITS = { subnets: 16, securityGroups: 5 };

// CDK adds to the days that CloudWatch Logs knows a 9999, which means for ever.
const RETENTION_DAYS = Object.values(RetentionDays)
  .map(Number)
  .filter((days) => days > 0 && days < 9999);

// EC2's ids have 17 digits, the old ones 8.
const RESOURCE_ID = '([0-9a-f]{8}|[0-9a-f]{17})';

const POLICY_ARN = /^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\w+=,.@/-]+$/;
const POLICY_NAME = /^[\w+=,.@/-]{1,128}$/;
const TOPIC_ARN = /^arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}$/;
const KEY_ARN = /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/;

/** Every setting, in the order of the README's table. */
export const SETTINGS: Readonly<Record<SettingName, Setting>> = {
  name: {
    kind: 'text',
    default: 'pull-request-hook',
    meaning:
      "The hook's name. It is the name of the stack and of the CodeBuild project, and tells several hooks of one account apart.",
    allowed: '1 to 40 lower-case letters, digits and inner hyphens, beginning with a letter',
    isAllowed: matches(/^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$/),
  },
  repositories: {
    kind: 'list',
    default: ['*'],
    meaning:
      'The repositories that the hook serves. Everyone who may push a branch to one of them can read all of them.',
    allowed: '`*` for all, or names and `prefix*` patterns of letters, digits, `.`, `_` and `-`',
    isAllowed: isList({ min: 1 }, /^(\*|[\w.-]{1,100}\*?)$/),
  },
  buildspec: {
    kind: 'text',
    default: 'buildspec-tests.yaml',
    meaning: 'The buildspec file that a build runs, from the commit that is built.',
    allowed:
      "a path from the repository's root, of letters, digits, `.`, `_`, `-` and inner `/`, without `.` or `..` parts",
    isAllowed: isPath,
  },
  image: {
    kind: 'text',
    default: 'aws/codebuild/amazonlinux-x86_64-standard:6.0',
    meaning:
      "The image that builds run in. One of CodeBuild's own `aarch64` images runs on Arm; an image of yours has to be for x86_64.",
    allowed: 'the name of an image, 1 to 255 characters without spaces',
    isAllowed: matches(/^\S{1,255}$/),
  },
  computeType: {
    kind: 'text',
    default: 'BUILD_GENERAL1_SMALL',
    meaning: 'The size of the machine that a build runs on.',
    allowed: COMPUTE_TYPES.map((type) => `\`${type}\``).join(', '),
    isAllowed: (value) => COMPUTE_TYPES.includes(value as string),
  },
  privileged: {
    kind: 'flag',
    default: false,
    meaning: 'Whether builds may run the Docker daemon, and with it as root on their machine.',
    allowed: '`true` or `false`',
    isAllowed: (value) => typeof value === 'boolean',
  },
  timeoutMinutes: {
    kind: 'number',
    default: 60,
    meaning: 'How long a build may run.',
    allowed: `a whole number from ${TIMEOUT.from} to ${TIMEOUT.to}`,
    isAllowed: isWithin(TIMEOUT),
  },
  queuedTimeoutMinutes: {
    kind: 'number',
    default: 480,
    meaning: "How long a build may wait while the account's concurrent builds are used up.",
    allowed: `a whole number from ${QUEUED_TIMEOUT.from} to ${QUEUED_TIMEOUT.to}`,
    isAllowed: isWithin(QUEUED_TIMEOUT),
  },
  stopSuperseded: {
    kind: 'flag',
    default: true,
    meaning:
      'Whether a push to a pull request stops the earlier build of it that still runs, and closing or merging stops its builds.',
    allowed: '`true` or `false`',
    isAllowed: (value) => typeof value === 'boolean',
  },
  sweepMinutes: {
    kind: 'number',
    default: 15,
    meaning:
      'How often a sweep looks for what events did not tell: open pull requests without their build, and comments without its result. With 0, there are no sweeps, and what a lost event leaves undone stays undone.',
    allowed: `0, or a whole number from ${SWEEP.from} to ${SWEEP.to}`,
    isAllowed: (value) => value === 0 || isWithin(SWEEP)(value),
  },
  sweepBuilds: {
    kind: 'number',
    default: 20,
    meaning: 'How many builds one sweep starts at most; the next one goes on.',
    allowed: `a whole number from ${SWEEP_BUILDS.from} to ${SWEEP_BUILDS.to}`,
    isAllowed: isWithin(SWEEP_BUILDS),
  },
  buildExisting: {
    kind: 'flag',
    default: false,
    meaning: 'Whether a sweep also starts builds for commits that were pushed before the hook was deployed.',
    allowed: '`true` or `false`',
    isAllowed: (value) => typeof value === 'boolean',
  },
  logLines: {
    kind: 'number',
    default: 40,
    meaning:
      "How many lines of a failed build's log its comment shows at most; with 0, the hook reads no logs. Everyone who can read the repository sees them, and what looks like a secret is masked without a guarantee.",
    allowed: `a whole number from ${LOG_LINES.from} to ${LOG_LINES.to}`,
    isAllowed: isWithin(LOG_LINES),
  },
  replies: {
    kind: 'text',
    default: 'onChange',
    meaning:
      'Which builds are replied to under their comment. CodeCommit notifies people of replies, and not of comments that change: `onChange` replies when a build breaks the pull request or fixes it, `always` also when it stays as it was.',
    allowed: REPLIES.map((replies) => `\`${replies}\``).join(', '),
    isAllowed: (value) => REPLIES.includes(value as string),
  },
  vpcId: {
    kind: 'text',
    meaning: 'The VPC that builds run in. Its subnets need a way to CodeCommit, CloudWatch Logs and CodeBuild.',
    allowed: '`vpc-` and 8 or 17 hex digits, together with `subnetIds` and `securityGroupIds`',
    isAllowed: matches(new RegExp(`^vpc-${RESOURCE_ID}$`)),
  },
  subnetIds: {
    kind: 'list',
    default: [],
    meaning: 'The subnets of the VPC that builds run in.',
    allowed: `1 to ${VPC_LIMITS.subnets} ids of subnets, together with \`vpcId\``,
    isAllowed: isList({ max: VPC_LIMITS.subnets }, new RegExp(`^subnet-${RESOURCE_ID}$`)),
  },
  securityGroupIds: {
    kind: 'list',
    default: [],
    meaning: 'The security groups of builds in the VPC.',
    allowed: `1 to ${VPC_LIMITS.securityGroups} ids of security groups, together with \`vpcId\``,
    isAllowed: isList({ max: VPC_LIMITS.securityGroups }, new RegExp(`^sg-${RESOURCE_ID}$`)),
  },
  environmentVariables: {
    kind: 'map',
    default: {},
    meaning: 'Plain-text variables of every build. Secrets belong in `env.secrets-manager` of the buildspec.',
    allowed:
      'a JSON object of texts; a name has letters, digits and underscores, begins with neither a digit nor `CODEBUILD_`, and is none of the build variables that the hook sets',
    isAllowed: isVariables,
  },
  buildRoleManagedPolicies: {
    kind: 'list',
    default: [],
    meaning: "Managed policies for the builds' role: what they allow, everyone who may push a branch can do.",
    allowed: 'names of AWS managed policies, or ARNs of policies',
    isAllowed: isList({}, new RegExp(`${POLICY_ARN.source}|${POLICY_NAME.source}`)),
  },
  repositoryKeyArns: {
    kind: 'list',
    default: [],
    meaning: 'The customer managed keys that served repositories are encrypted with.',
    allowed: 'ARNs of KMS keys (not of aliases)',
    isAllowed: isList({}, KEY_ARN),
  },
  permissionsBoundary: {
    kind: 'text',
    meaning: 'The permissions boundary of every role of the hook.',
    allowed: 'the ARN of a policy',
    isAllowed: matches(POLICY_ARN),
  },
  logRetentionDays: {
    kind: 'number',
    default: 90,
    meaning: 'How long the logs of builds and functions are kept.',
    allowed: `a number of days that CloudWatch Logs knows: ${RETENTION_DAYS.join(', ')}`,
    isAllowed: (value) => RETENTION_DAYS.includes(value as number),
  },
  alarmTopicArn: {
    kind: 'text',
    meaning:
      "The SNS topic that the alarms tell when they begin and end. Its policy, and its key's, have to let CloudWatch publish.",
    allowed: 'the ARN of a standard SNS topic in the same region',
    isAllowed: matches(TOPIC_ARN),
  },
};

/**
 * Fills in the defaults and checks every setting.
 *
 * @throws DeploymentError naming every setting that is wrong, and what is allowed.
 */
export function checkSettings(props: PullRequestHookProps): HookSettings {
  const names = Object.keys(SETTINGS) as SettingName[];
  const settings: Record<string, unknown> = {
    ...Object.fromEntries(names.map((name) => [name, SETTINGS[name].default])),
    ...Object.fromEntries(Object.entries(props).filter(([, value]) => value !== undefined)),
  };
  const problems = names
    .filter((name) => settings[name] !== undefined && !SETTINGS[name].isAllowed(settings[name]))
    .map((name) => `${name} must be ${SETTINGS[name].allowed}, but is ${JSON.stringify(settings[name])}`);
  if (problems.length > 0) {
    throw new DeploymentError(problems.join('\n'));
  }
  const checked = settings as unknown as HookSettings;
  const vpcParts = [checked.vpcId !== undefined, checked.subnetIds.length > 0, checked.securityGroupIds.length > 0];
  if (vpcParts.includes(true) && vpcParts.includes(false)) {
    throw new DeploymentError('vpcId, subnetIds and securityGroupIds belong together: give all three, or none');
  }
  return checked;
}

function matches(pattern: RegExp): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && pattern.test(value);
}

function isPath(value: unknown): boolean {
  return (
    typeof value === 'string' &&
    value.length <= 1024 &&
    value.split('/').every((part) => /^[\w.-]+$/.test(part) && part !== '.' && part !== '..')
  );
}

function isWithin({ from, to }: { from: number; to: number }): (value: unknown) => boolean {
  return (value) => Number.isInteger(value) && (value as number) >= from && (value as number) <= to;
}

function isList(
  { min = 0, max = Infinity }: { min?: number; max?: number },
  item: RegExp,
): (value: unknown) => boolean {
  return (value) =>
    Array.isArray(value) && value.length >= min && value.length <= max && value.every((entry) => matches(item)(entry));
}

function isVariables(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return false;
  }
  const ofTheHook = readBuildVariableNames();
  return Object.entries(value).every(
    ([name, text]) =>
      typeof text === 'string' &&
      /^[A-Za-z_]\w*$/.test(name) &&
      !name.startsWith('CODEBUILD_') &&
      !ofTheHook.includes(name),
  );
}
