import { join } from 'node:path';
import { DefaultStackSynthesizer, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { context } from '../cdk.json';
import { HookApp } from './hook-app';

/** The template of the default settings, which stands in the repository. */
export const TEMPLATE_PATH = join(__dirname, '../template/pull-request-hook.template.json');

/**
 * Synthesizes the hook without compiling its functions, to the same bytes on every machine.
 *
 * What depends on the machine or the account is left out: the functions' code is `BINARY.zip`, and there is neither
 * the metadata of CDK's analytics nor the rule that looks for the bootstrap stack.
 */
export function synthesizeTemplate(settings: Readonly<Record<string, unknown>> = {}): string {
  const app = new HookApp(
    // cfn-lint checks the written file; CDK's own rules would only take longer.
    {
      analyticsReporting: false,
      builtinCloudFormationValidation: false,
      context: { ...context, ...settings, 'aws:cdk:bundling-stacks': [] },
    },
    { synthesizer: new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) },
  );
  const { hook } = app.stack;
  for (const {
    function: { node },
    binaryName,
  } of [hook.startBuild, hook.publishBuildResult]) {
    (node.defaultChild as CfnFunction).addPropertyOverride('Code.S3Key', `${binaryName}.zip`);
  }
  return `${JSON.stringify(Template.fromStack(Stack.of(hook)).toJSON(), undefined, 2)}\n`;
}
