import { cp, mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { startCluster, type Cluster, type ClusterOptions } from '@kyso/cli';
import { buildShim, demoCredentials, findSofthsmModule, type Shim } from '@kyso/sandbox';
import { openStore, type ObjectStore } from '@kyso/storage';
import { findVersitygw, startVersitygw } from '@kyso/storage/s3-test-servers';
import { Ballast, mountSmallDisk, unmount } from './ballast.js';
import { FaultyClock } from './faulty-clock.js';
import { FaultyProxy } from './faulty-proxy.js';
import { World, type WorldKind, type WorldParts } from './world.js';

/** What this machine lacks for a world. */
export class WorldUnavailable extends Error {}

/**
 * Other than the defaults only where a scenario would wait for nothing else, or where a handful of documents would never be in
 * a queue; docs/faults.md lists them.
 */
export const quickerSettings = {
  signer: { KYSO_REVOCATION_REMEMBER_MS: '0', KYSO_INTERACTIVE_CONCURRENCY: '2' },
  gateway: { KYSO_MIN_FREE_BYTES: '0' },
  'tsa-proxy': { KYSO_TSA_BREAKER_OPEN_MS: '3000' },
  'revocation-cache': { KYSO_FAILURE_MS: '2000' },
} as const;
/** A hung C_Sign is given up after this. */
const signTimeoutMs = 3_000;
/** Two keys on two tokens: leader and seal. Fewer tokens start sooner. */
const credentials = demoCredentials.filter(({ credentialId }) => ['leader', 'organisation'].includes(credentialId));

interface Extra extends Pick<ClusterOptions, 's3' | 'signers'> {
  readonly serviceEnvironment?: Record<string, string>;
  /** Where the shim writes down what the tokens did; default: the cluster's folder. A full disk must not cut the witness off. */
  readonly shimFolder?: string;
}

/** Starts a cluster in `folder`, which it makes and takes away again. Throws WorldUnavailable. */
export async function openWorld(kind: WorldKind, folder: string): Promise<World> {
  await unmount(join(folder, 'disk/cluster/store'));
  await unmount(join(folder, 'disk'));
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  const clean = async (): Promise<void> => {
    // What the services said last is kept.
    const logs = join(dirname(folder), 'logs', basename(folder));
    await rm(logs, { recursive: true, force: true });
    await cp(join(folder, 'cluster/logs'), logs, { recursive: true }).catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return new World(await partsOf[kind](folder, clean));
  } catch (error) {
    await clean();
    throw error;
  }
}

const partsOf: Record<WorldKind, (folder: string, clean: () => Promise<void>) => Promise<WorldParts>> = {
  async plain(folder, clean) {
    const { cluster, ...parts } = await start(join(folder, 'cluster'), { signers: 2 });
    const close = async (): Promise<void> => {
      await cluster.stop();
      await clean();
    };
    return { ...parts, kind: 'plain', cluster, close };
  },

  async 'small-disk'(folder, clean) {
    const disk = join(folder, 'disk');
    const storeFolder = join(disk, 'cluster/store');
    const close = async (cluster?: Cluster): Promise<void> => {
      await cluster?.stop();
      await cp(join(disk, 'cluster/logs'), join(folder, 'cluster/logs'), { recursive: true }).catch(() => undefined);
      await unmount(storeFolder);
      await unmount(disk);
      await clean();
    };
    // The whole cluster on one disk, and the store on another one in it.
    const mounted = (await mountSmallDisk(disk, 96)) && (await mountSmallDisk(storeFolder, 48));
    if (!mounted) {
      await close();
      throw new WorldUnavailable('a tmpfs cannot be mounted: it takes root, or CAP_SYS_ADMIN');
    }
    try {
      const { cluster, ...parts } = await start(join(disk, 'cluster'), { shimFolder: join(folder, 'shim') });
      const ballast = { store: new Ballast(storeFolder), disk: new Ballast(disk) };
      return { ...parts, kind: 'small-disk', cluster, ballast, close: () => close(cluster) };
    } catch (error) {
      await close();
      throw error;
    }
  },

  async s3(folder, clean) {
    const bin = findVersitygw();
    if (bin === undefined)
      throw new WorldUnavailable('versitygw is not there (KYSO_TEST_VERSITYGW or var/bin/versitygw)');
    const server = await startVersitygw(bin);
    const proxy = await FaultyProxy.start(new URL(server.config.endpoint));
    const close = async (cluster?: Cluster): Promise<void> => {
      proxy.fault = undefined;
      await cluster?.stop();
      proxy.close();
      await server.stop();
      await clean();
    };
    try {
      const { cluster, ...parts } = await start(join(folder, 'cluster'), {
        s3: { ...server.config, endpoint: proxy.url },
      });
      const store = await openStore({ s3: server.config });
      return { ...parts, kind: 's3', cluster, store, proxy, close: () => close(cluster) };
    } catch (error) {
      await close();
      throw error;
    }
  },

  async clock(folder, clean) {
    const clock = await FaultyClock.make(folder);
    if (clock === undefined) throw new WorldUnavailable('libfaketime is not installed (Debian: faketime)');
    const { cluster, ...parts } = await start(join(folder, 'cluster'), { serviceEnvironment: clock.environment });
    const close = async (): Promise<void> => {
      await cluster.stop();
      await clean();
    };
    return { ...parts, kind: 'clock', cluster, clock, close };
  },
};

async function start(
  folder: string,
  { serviceEnvironment = {}, shimFolder = folder, ...options }: Extra,
): Promise<{ cluster: Cluster; shim: Shim; store: ObjectStore; auditFiles: string[] }> {
  const module = findSofthsmModule();
  if (module === undefined) throw new WorldUnavailable('SoftHSM is not installed');
  await Promise.all([folder, shimFolder].map((each) => mkdir(each, { recursive: true })));
  const shim = await buildShim(shimFolder, module);
  const environment = {
    signer: { ...shim.environment, KYSO_LOG_LEVEL: 'debug' },
    gateway: {},
    'tsa-proxy': {},
    'revocation-cache': {},
  };
  const names = Object.keys(environment) as (keyof typeof environment)[];
  const env = Object.fromEntries(
    names.map((name) => [name, { ...quickerSettings[name], ...serviceEnvironment, ...environment[name] }]),
  );
  const token = { modulePath: shim.modulePath, signTimeoutMs };
  const cluster = await startCluster({ folder, credentials, env, token, ...options });
  const store =
    options.s3 === undefined ? await openStore({ folder: join(folder, 'store') }) : await openStore(options);
  const audits = Array.from({ length: options.signers ?? 1 }, (_, index) =>
    join(folder, index === 0 ? 'audit.jsonl' : `audit-${index + 1}.jsonl`),
  );
  return { cluster, shim, store, auditFiles: audits };
}
