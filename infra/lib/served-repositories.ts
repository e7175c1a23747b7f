import { ArnFormat, Stack } from 'aws-cdk-lib';
import { DeploymentError } from './deployment-error';

/** EventBridge refuses longer event patterns (quotas of EventBridge), in characters. */
const EVENT_PATTERN_LIMIT = 2048;

/** The ways out when a list of repositories does not fit, for error messages. */
export const WAYS_OUT =
  'Serve fewer names with `prefix*` patterns, serve all repositories with `*`, ' +
  'or deploy several hooks (-c name=…) with a part of the list each.';

/** The repositories that a hook serves, in the forms that AWS and the functions ask for. */
export class ServedRepositories {
  private readonly patterns: readonly string[];

  /** @param patterns names, `prefix*` patterns, or `*` */
  constructor(patterns: readonly string[]) {
    const all = patterns.includes('*');
    this.patterns = all ? ['*'] : [...new Set(patterns)];
  }

  /** Whether it takes a list of the account's repositories to know which they are. */
  get hasPatterns(): boolean {
    return this.patterns.some((pattern) => pattern.endsWith('*'));
  }

  /** Each entry as the setting has it, once. It is not longer than the event pattern. */
  toJson(): string {
    return JSON.stringify(this.patterns);
  }

  /** What the IAM policies allow: one ARN, with a wildcard for a pattern, for each entry. */
  arns(stack: Stack): string[] {
    return this.patterns.map((pattern) =>
      stack.formatArn({ service: 'codecommit', resource: pattern, arnFormat: ArnFormat.NO_RESOURCE_NAME }),
    );
  }

  /**
   * What the event pattern says of `detail.repositoryNames`; nothing when all are served.
   *
   * The names are matched there and not in `resources`: both hold the same repository, but a name is a third as long
   * as its ARN, is what start-build reads, and has no account and region in it.
   */
  eventPatternDetail(): { repositoryNames?: (string | { prefix: string })[] } {
    if (this.patterns.includes('*')) {
      return {};
    }
    return {
      repositoryNames: this.patterns.map((pattern) =>
        pattern.endsWith('*') ? { prefix: pattern.slice(0, -1) } : pattern,
      ),
    };
  }
}

/** @throws DeploymentError if the pattern is longer than EventBridge takes. */
export function checkEventPatternSize(eventPattern: object): void {
  const size = JSON.stringify(eventPattern).length;
  if (size > EVENT_PATTERN_LIMIT) {
    throw new DeploymentError(
      `repositories makes an event pattern of ${size} characters; EventBridge takes ${EVENT_PATTERN_LIMIT}. ${WAYS_OUT}`,
    );
  }
}
