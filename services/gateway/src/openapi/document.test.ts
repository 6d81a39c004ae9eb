import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import { signingJobRequestSchema } from '@kyso/contracts';
import { renderInterface } from './render.js';
import { signingExamples } from './signing-examples.js';

describe('the interface description', () => {
  it('is the one that is committed (npm run openapi -w services/gateway writes it)', async () => {
    const path = new URL('../../../../../docs/openapi.json', import.meta.url);
    expect(await renderInterface()).toBe(await readFile(path, 'utf8'));
  });

  it('names no component that it does not define', async () => {
    const text = await renderInterface();
    const { components } = JSON.parse(text) as { components: { schemas: Record<string, unknown> } };
    const named = [...text.matchAll(/"#\/components\/schemas\/([A-Za-z]+)"/g)].map((match) => match[1]);
    expect(named.length).toBeGreaterThan(20);
    for (const name of named) expect(Object.keys(components.schemas)).toContain(name);
  });

  it.each(Object.entries(signingExamples))('gives an example that is a right request: %s', (_, { value }) => {
    expect(signingJobRequestSchema.safeParse(value).error).toBeUndefined();
  });
});
