import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderApiReference } from './api-reference.ts';

writeFileSync(fileURLToPath(new URL('../../docs/api.md', import.meta.url)), renderApiReference());
