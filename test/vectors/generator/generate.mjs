// Makes the vectors: `npm run build`, then `node test/vectors/generator/generate.mjs [name …]`. Needs OpenSSL 3. Keys, dates and
// serial numbers are new each time; folders named `foreign-…` come from other software and are left alone.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';
import { honestCases } from './cases-valid.mjs';
import { hostileCases } from './cases-hostile.mjs';
import { addDays, makePki } from './pki.mjs';
import { Signer } from './sign.mjs';

const target = fileURLToPath(new URL('..', import.meta.url));
const wanted = process.argv.slice(2);
const work = mkdtempSync(join(tmpdir(), 'kyso-vectors-'));
try {
  const t0 = new Date(Math.floor(Date.now() / 1000) * 1000);
  const pki = makePki(work, t0);
  const signer = new Signer(work, t0);
  const cases = { ...(await honestCases({ signer, pki, t0 })), ...(await hostileCases({ signer, pki, t0 })) };
  for (const [name, vector] of Object.entries(cases)) {
    if (wanted.length === 0 || wanted.includes(name)) await write(name, vector, { signer, t0 });
  }
  console.log(`${Object.keys(cases).length} vectors`);
} catch (error) {
  console.error(error.stderr?.toString() ?? '');
  throw error;
} finally {
  rmSync(work, { recursive: true });
}

/** `online` evidence becomes files that the test hands out as a revocation source. */
async function write(name, { what, pdf, at = 0, online, verdict, warnings = [], expect }, { signer, t0 }) {
  const folder = join(target, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  writeFileSync(join(folder, 'file.pdf'), pdf);
  writeFileSync(join(folder, 'trust.pem'), signer.pem('root'));
  writeFileSync(join(folder, 'tsa-trust.pem'), signer.pem('tsa-root'));
  const revocation = {};
  for (const kind of ['ocspResponses', 'crls']) {
    if (!online?.[kind].length) continue;
    revocation[kind] = online[kind].map((der, index) => {
      const file = kind === 'crls' ? `${index + 1}.crl` : `${index + 1}.ocsp`;
      writeFileSync(join(folder, file), der);
      return file;
    });
  }
  const worst = ['invalid', 'indeterminate', 'valid'].find((each) => expect.some((one) => one.verdict === each));
  const expectation = {
    what,
    now: addDays(t0, at + 1 / 24).toISOString(),
    trust: 'trust.pem',
    tsaTrust: 'tsa-trust.pem',
    ...(online ? { revocation } : {}),
    verdict: verdict ?? worst,
    warnings,
    signatures: expect,
  };
  const json = await format(JSON.stringify(expectation), { parser: 'json', printWidth: 120 });
  writeFileSync(join(folder, 'expect.json'), json);
}
