import { HookApp } from '../lib/hook-app';
import { SettingsError } from '../lib/settings';

try {
  new HookApp().synth();
} catch (error) {
  if (!(error instanceof SettingsError)) {
    throw error;
  }
  // What a setting must be is all that helps here; a stack trace would only hide it.
  console.error(error.message);
  process.exitCode = 1;
}
