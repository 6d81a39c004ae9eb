import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { checkout } from '@kyso/cli';
import { openWorld } from './open-world.js';
import { runScenario, warmUp } from './run-scenario.js';
import { scenarios } from './scenarios/index.js';
import type { World } from './world.js';

/** The short form of `npm run faults`: one of each kind, none that waits for long. */
const short = [
  'token-wrong-once',
  'token-crash',
  'token-pin-incorrect',
  'tsa-wrong-nonce',
  'gateway-killed',
  'signer-killed',
  'redis-lost',
];

describe('a cluster in which something is broken', () => {
  let world: World;

  beforeAll(async () => {
    world = await openWorld('plain', join(checkout, 'var/test', `faults-${randomUUID()}`));
    await warmUp(world);
  }, 120_000);

  afterAll(() => world.close(), 60_000);

  it.each(scenarios.filter(({ name }) => short.includes(name)).map((scenario) => [scenario.broken, scenario] as const))(
    'loses no document, releases none twice and tries no PIN twice: %s',
    async (_broken, scenario) => {
      const result = await runScenario(world, scenario, { seed: 1, documents: 6, judged: 1 });
      expect(result.violations).toEqual([]);
      expect(result.documents).toBe(6 + 3 + 1);
    },
    240_000,
  );

  it('knows the scenarios of its short form', () => {
    expect(scenarios.map(({ name }) => name)).toEqual(expect.arrayContaining(short));
  });
});
