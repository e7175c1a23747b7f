import type { Node } from 'constructs';
import { distance } from 'fastest-levenshtein';
import { CDK_CONTEXT_KEYS, isCdkContextKey } from './cdk-context-keys';
import { DeploymentError } from './deployment-error';
import { type PullRequestHookProps, type SettingKind, type SettingName, SETTINGS } from './settings';

/**
 * Reads the settings that `-c name=value`, `cdk.json` or `cdk.context.json` give.
 *
 * Values are not checked here: one that cannot be read as its kind is passed on as it is, so that the check of the
 * settings refuses it with what is allowed.
 *
 * @throws DeploymentError if a key is neither a setting nor CDK's own.
 */
export function readSettings(node: Node): PullRequestHookProps {
  const context = Object.entries(node.getAllContext() as Record<string, unknown>).filter(
    ([key]) => !isCdkContextKey(key),
  );
  const unknown = context.map(([key]) => key).filter((key) => !isSettingName(key));
  if (unknown.length > 0) {
    const names = Object.keys(SETTINGS);
    throw new DeploymentError(
      unknown
        .map((key) => `${key} is no setting: did you mean ${findNearest(key, [...names, ...CDK_CONTEXT_KEYS])}?`)
        .join('\n') + `\nThe settings are ${names.join(', ')}.`,
    );
  }
  return Object.fromEntries(
    context.map(([key, value]) => [
      key,
      typeof value === 'string' ? READERS[SETTINGS[key as SettingName].kind](value) : value,
    ]),
  );
}

/** The name that takes the smallest share of edits: `timeout` is nearer to `timeoutMinutes` than to `name`. */
function findNearest(key: string, names: readonly string[]): string {
  const share = (name: string) => distance(key.toLowerCase(), name.toLowerCase()) / Math.max(key.length, name.length);
  return names.reduce((nearest, name) => (share(name) < share(nearest) ? name : nearest));
}

function isSettingName(key: string): key is SettingName {
  return Object.hasOwn(SETTINGS, key);
}

const READERS: Readonly<Record<SettingKind, (text: string) => unknown>> = {
  text: (text) => text,
  number: (text) => (/^\d+$/.test(text) ? Number(text) : text),
  flag: (text) => (text === 'true' ? true : text === 'false' ? false : text),
  list: (text) =>
    text.trimStart().startsWith('[')
      ? readJson(text)
      : text
          .split(',')
          .map((entry) => entry.trim())
          .filter((entry) => entry !== ''),
  map: readJson,
};

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
