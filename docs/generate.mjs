// Writes the generated parts of docs/: configuration.md, failure-codes.md, and the tables in faults.md. `--check` only compares and exits 1 on a
// difference. Needs the compiled output: npm run build.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { describeConfig } from '../libs/service/dist/index.js';
import { failureCodes } from '../libs/contracts/dist/index.js';
import { resultsMarkdown, scenariosMarkdown } from '../test/dist/faults/results.js';
import { scenarios } from '../test/dist/faults/scenarios/index.js';

const services = ['gateway', 'signer', 'tsa-proxy', 'revocation-cache'];

// The default of KYSO_TEMP_FOLDER is the system's; the page must not depend on who makes it.
for (const name of ['TMPDIR', 'TMP', 'TEMP']) delete process.env[name];

async function configuration() {
  const parts = [
    '# Configuration',
    '',
    'Environment variables, read once at the start of each service; an empty one counts as absent. Every problem is printed at once, then the service exits 1. What the files hold and which modes they need: [operations.md](operations.md#files). Generated from each service’s `config.ts` by `node docs/generate.mjs`.',
  ];
  for (const service of services) {
    const { configSchema } = await import(`../services/${service}/dist/src/config.js`);
    if (configSchema === undefined) throw new Error(`services/${service}/src/config.ts exports no configSchema`);
    parts.push('', `## ${service}`, '', describeConfig(configSchema).trim());
  }
  return parts.join('\n');
}

function failures() {
  const rows = Object.entries(failureCodes).map(
    ([code, { httpStatus, retryable, vi, en }]) =>
      `| \`${code}\` | ${httpStatus} | ${retryable ? 'yes' : 'no'} | ${vi} | ${en} |`,
  );
  return [
    '# Failure codes',
    '',
    'Every refusal carries one of these, over HTTP or in `failure` of a job. “HTTP”: the status when it is answered directly; a job that failed is answered 200. “Retry”: the same request may pass later, unchanged; how: [api.md](api.md#errors-and-what-to-repeat). Generated from `libs/contracts/src/failure-codes.ts` by `node docs/generate.mjs`.',
    '',
    '| code | HTTP | retry | Tiếng Việt | English |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

/** The page as it is, with what stands between `<!-- name -->` and `<!-- /name -->` made anew. */
function faults() {
  const page = readFileSync(new URL('faults.md', import.meta.url), 'utf8');
  const results = JSON.parse(readFileSync(new URL('faults.json', import.meta.url), 'utf8'));
  const tables = { scenarios: scenariosMarkdown(scenarios), results: resultsMarkdown(results) };
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
    const [start, end] = [text.indexOf(open), text.indexOf(close)];
    if (start < 0 || end < start) throw new Error(`docs/faults.md: expected ${open} before ${close}`);
    return `${text.slice(0, start + open.length)}\n\n${table}\n\n${text.slice(end)}`;
  }, page);
}

const isCheck = process.argv.includes('--check');
const pages = { 'configuration.md': await configuration(), 'failure-codes.md': failures(), 'faults.md': faults() };
let differs = false;
for (const [name, markdown] of Object.entries(pages)) {
  const file = fileURLToPath(new URL(name, import.meta.url));
  const text = await format(markdown, { ...(await resolveConfig(file)), filepath: file });
  let before = '';
  try {
    before = readFileSync(file, 'utf8');
  } catch {
    // not written yet
  }
  if (before === text) continue;
  differs = true;
  if (isCheck) console.error(`docs/${name} is not what the code says; run node docs/generate.mjs`);
  else writeFileSync(file, text);
}
process.exit(isCheck && differs ? 1 : 0);
