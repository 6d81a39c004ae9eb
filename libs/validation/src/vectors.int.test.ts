import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const vectors = new URL('../../../test/vectors/', import.meta.url);
interface Vector {
  signatures: { kind: string; integrity?: string }[];
}
/** Those whose integrity is stated, by somebody else's judgement too. */
const stated = readdirSync(vectors, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'generator')
  .map(({ name }) => ({
    name,
    ...(JSON.parse(readFileSync(new URL(`${name}/expect.json`, vectors), 'utf8')) as Vector),
  }))
  .map(({ name, signatures }) => ({
    name,
    integrity: signatures.filter(({ kind }) => kind === 'signature').map((signature) => signature.integrity),
  }))
  .filter(({ integrity }) => integrity.some((check) => check === 'passed' || check === 'failed'));

const verdicts: Readonly<Record<string, string>> = {
  'Signature is Valid.': 'passed',
  'Digest Mismatch.': 'failed',
  'Signature is Invalid.': 'failed',
};

describe('pdfsig agrees with the integrity expected of', () => {
  it.each(stated)('$name', ({ name, integrity }) => {
    const file = fileURLToPath(new URL(`${name}/file.pdf`, vectors));
    const { stdout } = spawnSync('pdfsig', ['-nocert', file], { encoding: 'utf8' });
    const seen = [...stdout.matchAll(/Signature Validation: (.*)/g)].map(([, text = '']) => verdicts[text]);
    for (const [index, check] of integrity.entries()) {
      if (check === 'passed' || check === 'failed') expect(seen[index]).toBe(check);
    }
  });
});
