import { readFileSync } from 'node:fs';
import { synthesizeTemplate, TEMPLATE_PATH } from '../lib/committed-template';

if (readFileSync(TEMPLATE_PATH, 'utf8') !== synthesizeTemplate()) {
  console.error(`${TEMPLATE_PATH} is not what the app synthesizes: run \`npm run template\` and commit the result`);
  process.exitCode = 1;
}
