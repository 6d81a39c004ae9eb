import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { renderInterface } from './render.js';

// `npm run openapi -w services/gateway` writes the description that is committed; a test compares the two.
const path = fileURLToPath(new URL('../../../../../docs/openapi.json', import.meta.url));
await mkdir(dirname(path), { recursive: true });
await writeFile(path, await renderInterface());
