import { DeploymentError } from '../lib/deployment-error';
import { HookApp } from '../lib/hook-app';

try {
  new HookApp().synth();
} catch (error) {
  if (!(error instanceof DeploymentError)) {
    throw error;
  }
  // What has to be changed is all that helps here; a stack trace would only hide it.
  console.error(error.message);
  process.exitCode = 1;
}
