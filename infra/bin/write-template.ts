import { writeFileSync } from 'node:fs';
import { synthesizeTemplate, TEMPLATE_PATH } from '../lib/committed-template';

writeFileSync(TEMPLATE_PATH, synthesizeTemplate());
