import { readFileSync, writeFileSync } from 'node:fs';
import { synthesizeTemplate, TEMPLATE_PATH } from '../lib/committed-template';

const template = synthesizeTemplate();
if (!process.argv.includes('--check')) {
  writeFileSync(TEMPLATE_PATH, template);
} else if (readFileSync(TEMPLATE_PATH, 'utf8') !== template) {
  console.error(`${TEMPLATE_PATH} is not what the app synthesizes: run \`npm run template\` and commit the result`);
  process.exitCode = 1;
}
