import type { FaultyProxy, ProxyFault } from '../faulty-proxy.js';
import type { Expectation, Scenario } from '../scenario.js';
import type { World } from '../world.js';

const afterHealing: Expectation = { kind: 'completed-after-healing' };

function ballastOf(world: World): NonNullable<World['parts']['ballast']> {
  const { ballast } = world.parts;
  if (ballast === undefined) throw new Error('expected a small disk');
  return ballast;
}

function proxyOf(world: World): FaultyProxy {
  const { proxy } = world.parts;
  if (proxy === undefined) throw new Error('expected a proxy before the store');
  return proxy;
}

function s3(fault: ProxyFault, about: Pick<Scenario, 'name' | 'broken' | 'healing'> & Partial<Scenario>): Scenario {
  return {
    world: 's3',
    expected: afterHealing,
    async breakIt(world) {
      proxyOf(world).hurt = 0;
      proxyOf(world).fault = fault;
    },
    async healIt(world) {
      proxyOf(world).fault = undefined;
    },
    wasFelt: async (world) => proxyOf(world).hurt > 0,
    ...about,
  };
}

export const storeScenarios: readonly Scenario[] = [
  {
    name: 'store-full',
    world: 'small-disk',
    broken: 'the disk of the folder store is full to the last byte',
    healing: 'by hand: make room; uploads get 507, accepted jobs wait',
    expected: afterHealing,
    breakIt: (world) => ballastOf(world).store.fill(),
    healIt: (world) => ballastOf(world).store.drop(),
  },
  {
    name: 'disk-full',
    world: 'small-disk',
    broken: 'the disk of audit log, Redis, tokens and logs is full; the store’s is not',
    healing: 'by hand: make room; no key is used without its audit record, jobs wait',
    expected: afterHealing,
    // The last page of the audit log has room for the records of some uses.
    sentAfter: 8,
    breakIt: (world) => ballastOf(world).disk.fill(),
    healIt: (world) => ballastOf(world).disk.drop(),
  },
  {
    name: 'disks-full',
    world: 'small-disk',
    broken: 'every disk is full',
    healing: 'by hand: make room',
    expected: afterHealing,
    async breakIt(world) {
      await ballastOf(world).disk.fill();
      await ballastOf(world).store.fill();
    },
    async healIt(world) {
      await ballastOf(world).disk.drop();
      await ballastOf(world).store.drop();
    },
  },
  s3('away', {
    name: 's3-away',
    broken: 'the S3 server cuts every connection',
    healing: 'when it is back; calls get 503, accepted jobs wait',
  }),
  s3('error', {
    name: 's3-errors',
    broken: 'the S3 server answers 503 SlowDown',
    healing: 'when it recovers; calls get 503, accepted jobs wait',
  }),
  s3('slow', {
    name: 's3-slow',
    broken: 'every answer of the S3 server comes 700 ms late',
    healing: 'nothing to do: documents take longer',
    expected: { kind: 'completed' },
  }),
  s3('full', {
    name: 's3-full',
    broken: 'the S3 server answers 507 to whatever writes',
    healing: 'by hand: make room; uploads get 507, accepted jobs wait',
  }),
  s3('cut', {
    name: 's3-cut',
    broken: 'the S3 server breaks off in the middle of every second answer',
    healing: 'when it stops doing so; nothing half-read is ever signed',
    expected: { kind: 'recovered' },
  }),
];
