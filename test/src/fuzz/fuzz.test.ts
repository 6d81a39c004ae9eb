import { beforeAll, describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { makeSoftwareSigners } from '@kyso/sandbox';
import { demand, type FuzzSigner } from './demands.js';
import { inputOf, realSeeds } from './inputs.js';

const vectors = new URL('../../fuzz-vectors/', import.meta.url);
const knownKeys = new Set(['what', 'verdict']);

let signer: FuzzSigner;
beforeAll(async () => {
  const { anchorPem, signers } = await makeSoftwareSigners(['Nguyễn Văn An']);
  const [first] = signers;
  if (first === undefined) throw new Error('expected a signer');
  signer = { signer: first, anchorPem };
});

const verdictOf = async (pdf: Buffer): Promise<string> => {
  const verdict = await demand(pdf, signer);
  return verdict.outcome === 'signed' ? 'signed' : verdict.code;
};

describe('inputs that once broke something', () => {
  const names = readdirSync(vectors, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  it.each(names.map(({ name }) => name))('%s', async (name) => {
    const expected = JSON.parse(readFileSync(new URL(`${name}/expect.json`, vectors), 'utf8')) as Record<
      string,
      string
    >;
    expect(Object.keys(expected).filter((key) => !knownKeys.has(key))).toEqual([]);
    expect(await verdictOf(readFileSync(new URL(`${name}/file.pdf`, vectors)))).toBe(expected['verdict']);
  });
});

describe('structures that were changed by chance', () => {
  it('are refused with a code or signed so that the result is valid, and nothing else', async () => {
    const seeds = realSeeds();
    const counts = new Map<string, number>();
    const problems = new Map<number, string>();
    for (let number = 1; number <= 800; number += 1) {
      try {
        const verdict = await verdictOf(inputOf(number, seeds));
        counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
      } catch (error) {
        problems.set(number, error instanceof Error ? error.message : String(error));
      }
    }
    expect([...problems]).toEqual([]);
    // Both ends must be reached, or the changes are too small or too large to find anything.
    expect(counts.get('signed')).toBeGreaterThan(100);
    expect(800 - (counts.get('signed') ?? 0)).toBeGreaterThan(20);
  }, 120_000);

  it('are the same for the same number', () => {
    const seeds = realSeeds();
    expect(inputOf(7, seeds).equals(inputOf(7, seeds))).toBe(true);
    expect(inputOf(7, seeds).equals(inputOf(8, seeds))).toBe(false);
  });
});
