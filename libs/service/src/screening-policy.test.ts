import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readScreeningPolicy } from './screening-policy.js';

describe('the file of the screening policy', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-policy-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const read = async (text: string): Promise<unknown> => {
    await writeFile(join(folder, 'policy.json'), text);
    return readScreeningPolicy(join(folder, 'policy.json'));
  };

  it('names the kinds that differ from the default', async () => {
    expect(await read('{ "xfa": "warn", "open-form-field": "refuse" }')).toEqual({
      xfa: 'warn',
      'open-form-field': 'refuse',
    });
    expect(await readScreeningPolicy(undefined)).toEqual({});
  });

  it.each([
    ['a kind that nobody knows', '{ "scripts": "allow" }', /scripts/],
    ['a verdict that nobody knows', '{ "script": "ignore" }', /script/],
    ['something else than an object', '[]', /expected/],
    ['no JSON', 'script: allow', /expected JSON/],
  ])('is refused with %s', async (_, text, message) => {
    await expect(read(text)).rejects.toThrow(message);
  });
});
