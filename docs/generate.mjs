// Writes the generated parts of docs/: configuration.md and failure-codes.md. `--check` only compares and exits 1 on a
// difference. Needs the compiled output: npm run build.
import { readFileSync, writeFileSync } from 'node:fs';
import { describeConfig } from '../libs/service/dist/index.js';
import { failureCodes } from '../libs/contracts/dist/index.js';

const services = ['gateway', 'signer', 'tsa-proxy', 'revocation-cache'];

async function configuration() {
  const parts = [
    '# Configuration',
    '',
    'Environment variables, read once at the start. Generated from each service’s `config.ts` by `node docs/generate.mjs`.',
  ];
  for (const service of services) {
    const { configSchema } = await import(`../services/${service}/dist/src/config.js`);
    parts.push('', `## ${service}`, '', describeConfig(configSchema).trim());
  }
  return `${parts.join('\n')}\n`;
}

function failures() {
  const rows = Object.entries(failureCodes).map(
    ([code, { httpStatus, retryable, vi, en }]) => `| \`${code}\` | ${httpStatus} | ${retryable ? 'yes' : 'no'} | ${vi} | ${en} |`,
  );
  return [
    '# Failure codes',
    '',
    'Generated from `libs/contracts/src/failure-codes.ts` by `node docs/generate.mjs`. “Retry”: the same request may pass later, unchanged.',
    '',
    '| code | HTTP | retry | Tiếng Việt | English |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

const pages = { 'configuration.md': await configuration(), 'failure-codes.md': failures() };
let differs = false;
for (const [name, text] of Object.entries(pages)) {
  const file = new URL(name, import.meta.url);
  let before = '';
  try {
    before = readFileSync(file, 'utf8');
  } catch {
    // not written yet
  }
  if (before === text) continue;
  differs = true;
  if (process.argv.includes('--check')) console.error(`docs/${name} is not what the code says; run node docs/generate.mjs`);
  else writeFileSync(file, text);
}
process.exit(differs && process.argv.includes('--check') ? 1 : 0);
