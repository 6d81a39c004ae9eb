import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Expectation, Scenario } from '../scenario.js';

const recovered: Expectation = { kind: 'recovered' };
const afterHealing: Expectation = { kind: 'completed-after-healing' };
const reconciled = 'by itself: the reconciler puts every open job back on its queue';

export const redisScenarios: readonly Scenario[] = [
  {
    name: 'redis-restarted',
    world: 'plain',
    slowToken: true,
    broken: 'Redis is restarted with SIGTERM',
    healing: 'by itself',
    expected: recovered,
    breakIt: async (world) => world.signal('redis', 'SIGTERM'),
  },
  {
    name: 'redis-wiped',
    world: 'plain',
    slowToken: true,
    broken: 'FLUSHALL',
    healing: reconciled,
    expected: recovered,
    breakIt: async (world) => void (await world.redis('FLUSHALL')),
  },
  {
    name: 'redis-lost',
    world: 'plain',
    slowToken: true,
    broken: 'Redis is killed, its files are gone, it starts empty',
    healing: reconciled,
    expected: recovered,
    async breakIt(world) {
      await rm(join(world.parts.cluster.folder, 'redis/appendonlydir'), { recursive: true, force: true });
      world.signal('redis', 'SIGKILL');
    },
  },
  {
    name: 'redis-lost-with-signers',
    world: 'plain',
    slowToken: true,
    broken: 'Redis and all signers are killed, Redis starts empty',
    healing: reconciled,
    expected: recovered,
    async breakIt(world) {
      await rm(join(world.parts.cluster.folder, 'redis/appendonlydir'), { recursive: true, force: true });
      for (const name of ['redis', ...world.signers()]) world.signal(name, 'SIGKILL');
    },
  },
  {
    name: 'redis-full',
    world: 'plain',
    slowToken: true,
    broken: 'Redis has no memory left (maxmemory, noeviction)',
    healing: 'by hand: raise maxmemory; new jobs get 503, accepted ones wait',
    expected: afterHealing,
    breakIt: async (world) => void (await world.redis('CONFIG', 'SET', 'maxmemory', '1')),
    healIt: async (world) => void (await world.redis('CONFIG', 'SET', 'maxmemory', '0')),
  },
  {
    name: 'redis-frozen',
    world: 'plain',
    slowToken: true,
    broken: 'Redis stands still: connections are open, nothing is answered',
    healing: 'when it goes on; new jobs get 503, accepted ones wait',
    expected: afterHealing,
    brokenMs: [3_000, 6_000],
    breakIt: async (world) => world.signal('redis', 'SIGSTOP'),
    healIt: async (world) => world.signal('redis', 'SIGCONT'),
  },
];
