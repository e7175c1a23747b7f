import { ContextProvider } from 'aws-cdk-lib/cloud-assembly-schema';
import * as cxapi from 'aws-cdk-lib/cx-api';

/** The keys without a family of their own that CDK's library or its command line reads or writes. */
export const CDK_CONTEXT_KEYS: readonly string[] = [
  cxapi.ANALYTICS_REPORTING_ENABLED_CONTEXT,
  cxapi.ASSET_RESOURCE_METADATA_ENABLED_CONTEXT,
  cxapi.AVAILABILITY_ZONE_FALLBACK_CONTEXT_KEY,
  cxapi.BUNDLING_STACKS,
  cxapi.DISABLE_ASSET_STAGING_CONTEXT,
  cxapi.DISABLE_CREATION_STACK_TRACES,
  cxapi.DISABLE_LOGICAL_ID_METADATA,
  cxapi.DISABLE_METADATA_STACK_TRACE,
  cxapi.ENABLE_DIFF_NO_FAIL_CONTEXT,
  cxapi.PATH_METADATA_ENABLE_CONTEXT,
  cxapi.PERFORMANCE_REPORTING_ENABLED_CONTEXT,
  // The command line has no exported names for its own.
  'aws:cdk:disable-version-reporting',
  'acknowledged-issue-numbers',
  'assets-ecr-repository-name',
  'cli-telemetry',
];

/**
 * The families whose members no list can hold: feature flags come and go with every version of CDK, and the ones in
 * `~/.cdk.json` are for all the apps of a person. The last is CDK's way to hand `AppProps` down the tree.
 */
const FAMILIES: readonly string[] = ['@aws-cdk/', '@aws-cdk-containers/', 'aws-cdk-private:'];

/** The sources of the answers that CDK keeps in `cdk.context.json`. */
const PROVIDERS: readonly string[] = Object.values(ContextProvider);

/** Whether a context key belongs to CDK itself. */
export function isCdkContextKey(key: string): boolean {
  return (
    CDK_CONTEXT_KEYS.includes(key) ||
    FAMILIES.some((family) => key.startsWith(family) && key.length > family.length) ||
    isCachedAnswer(key)
  );
}

/** Whether a key is a provider and its question, such as `availability-zones:account=123456789012:region=…`. */
function isCachedAnswer(key: string): boolean {
  const [, provider] = /^([a-z-]+):[^:=]+=/.exec(key) ?? [];
  return provider !== undefined && PROVIDERS.includes(provider);
}
