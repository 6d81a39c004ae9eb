import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSandbox, demoCredentials, type CredentialPlan, type Sandbox } from '@kyso/sandbox';
import { openStore, type S3Config, type StoreConfig } from '@kyso/storage';
import { lockFolder } from './folder-lock.js';
import { freePort } from './free-port.js';
import { isLive, ManagedProcess } from './managed-process.js';
import { provision, secretIn } from './provision.js';
import { redisAnswers, writeRedisConfig } from './redis.js';

/** The checkout: cli/dist/ is two below it. */
export const checkout = fileURLToPath(new URL('../../', import.meta.url));

export interface ClusterOptions {
  /** Everything that the cluster keeps lies here: PKI, tokens, store, Redis, logs. */
  readonly folder: string;
  readonly credentials?: readonly CredentialPlan[];
  /** Added to the environment of one service, by name; for tests. */
  readonly env?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  /** Arguments of Node for one service, by name, before its script; for profiles. */
  readonly nodeArguments?: Readonly<Record<string, readonly string[]>>;
  /** How many signers, all on the same tokens: `signer`, `signer-2`, …; default 1. */
  readonly signers?: number;
  /** Goes over what is said of each token (TokenSettings), such as another PKCS#11 module before SoftHSM's; for tests. */
  readonly token?: Readonly<Record<string, unknown>>;
  /** Where the objects lie; default: the folder `store`. */
  readonly s3?: S3Config;
  /** Told what happens, one short English sentence each. */
  readonly say?: (text: string) => void;
}

export interface Cluster {
  readonly baseUrl: string;
  readonly apiKey: string;
  readonly sandbox: Sandbox;
  /** Where the sandbox's CA, OCSP, CRL and TSA answer. */
  readonly sandboxUrl: string;
  readonly folder: string;
  /** On 127.0.0.1. */
  readonly redis: { readonly port: number; readonly password: string };
  /** Name and pid of each process as it is now. */
  processes(): { readonly name: string; readonly pid: number }[];
  stop(): Promise<void>;
}

interface Ports {
  readonly sandbox: number;
  readonly redis: number;
  readonly tsaProxy: number;
  readonly revocationCache: number;
  readonly signer: number;
  /** Of those beyond the first. */
  readonly moreSigners: readonly number[];
  readonly gateway: number;
}

/** The ports of the last run where they are still free: the sandbox's certificates name theirs. */
async function choosePorts(file: string, signers: number): Promise<Ports> {
  const last: Partial<Ports> = await readFile(file, 'utf8').then(
    (text) => JSON.parse(text) as Partial<Ports>,
    () => ({}),
  );
  const taken = new Set<number>();
  const choose = async (preferred?: number): Promise<number> => {
    let port = await freePort(preferred);
    while (taken.has(port)) port = await freePort();
    taken.add(port);
    return port;
  };
  const chooseMore = async (count: number): Promise<number[]> => {
    const more: number[] = [];
    while (more.length < count) more.push(await choose(last.moreSigners?.[more.length]));
    return more;
  };
  const ports: Ports = {
    sandbox: await choose(last.sandbox),
    redis: await choose(last.redis),
    tsaProxy: await choose(last.tsaProxy),
    revocationCache: await choose(last.revocationCache),
    signer: await choose(last.signer),
    gateway: await choose(last.gateway),
    moreSigners: await chooseMore(signers - 1),
  };
  await writeFile(file, JSON.stringify(ports));
  return ports;
}

/**
 * Starts the whole cluster on loopback: sandbox PKI, Redis, and the four services, each its own process that is started again
 * when it ends by itself. Throws when one is not ready in time; then everything is stopped again.
 */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const say = options.say ?? (() => undefined);
  const folder = resolve(options.folder);
  const path = (...names: string[]): string => join(folder, ...names);
  await mkdir(path('logs'), { recursive: true, mode: 0o700 });
  await mkdir(path('store'), { recursive: true, mode: 0o700 });
  const unlock = await lockFolder(path('lock'));
  const ports = await choosePorts(path('ports.json'), options.signers ?? 1);
  const sandboxUrl = `http://127.0.0.1:${ports.sandbox}`;

  say('sandbox PKI and SoftHSM tokens');
  const sandbox = await createSandbox({
    folder: path('sandbox'),
    publicBaseUrl: sandboxUrl,
    credentials: options.credentials ?? demoCredentials,
  });
  const apiKey = await provision(await openStore(storeOf(options, path)), sandbox, path('igate.key'));
  const redisPassword = await secretIn(path('redis.password'));
  await secretIn(path('service.token'));
  await writeServiceFiles(path, sandbox, { sandboxUrl, token: options.token ?? {} });
  const redisConfig = await writeRedisConfig(path('redis'), ports.redis, redisPassword);

  const common = {
    PATH: process.env['PATH'] ?? '',
    NODE_ENV: 'production',
    KYSO_LISTEN_HOST: '127.0.0.1',
    KYSO_SERVICE_TOKEN_FILE: path('service.token'),
  };
  const storeAndRedis = {
    ...(await storeEnvironment(options, path)),
    KYSO_REDIS_URL: `redis://127.0.0.1:${ports.redis}`,
    KYSO_REDIS_PASSWORD_FILE: path('redis.password'),
  };
  const trust = {
    KYSO_TRUST_ANCHORS_FILE: sandbox.trustAnchorsFile,
    KYSO_TSA_TRUST_ANCHORS_FILE: sandbox.tsaTrustAnchorsFile,
  };
  const fetching = { KYSO_FETCH_ALLOW_HOSTS: `127.0.0.1:${ports.sandbox}` };
  const urls = {
    KYSO_TSA_PROXY_URL: `http://127.0.0.1:${ports.tsaProxy}`,
    KYSO_REVOCATION_CACHE_URL: `http://127.0.0.1:${ports.revocationCache}`,
  };

  const restarted = (name: string, pid: number): void => say(`${name} had ended and was started again (pid ${pid})`);
  const service = (name: string, port: number, env: Record<string, string>): ManagedProcess =>
    new ManagedProcess(
      {
        name,
        command: process.execPath,
        args: [
          '--enable-source-maps',
          ...(options.nodeArguments?.[kindOf(name)] ?? []),
          join(checkout, 'services', kindOf(name), 'dist/src/main.js'),
        ],
        env: { ...common, KYSO_LISTEN_PORT: String(port), ...env, ...options.env?.[kindOf(name)] },
        logFile: path('logs', `${name}.log`),
        ready: () => isLive(port),
      },
      restarted,
    );
  const redis = new ManagedProcess(
    {
      name: 'redis',
      command: 'redis-server',
      args: [redisConfig],
      env: { PATH: common.PATH },
      logFile: path('logs', 'redis.log'),
      ready: () => redisAnswers(ports.redis, redisPassword),
    },
    restarted,
  );
  const authority = new ManagedProcess(
    {
      name: 'sandbox-authority',
      command: process.execPath,
      args: [
        join(checkout, 'libs/sandbox/dist/server-main.js'),
        '--folder',
        sandbox.folder,
        '--port',
        String(ports.sandbox),
      ],
      env: { PATH: common.PATH },
      logFile: path('logs', 'sandbox-authority.log'),
      ready: () => isLive(ports.sandbox),
    },
    restarted,
  );
  const services = [
    service('tsa-proxy', ports.tsaProxy, {
      ...fetching,
      KYSO_TSA_UPSTREAMS_FILE: path('tsa-upstreams.json'),
      KYSO_TSA_TRUST_ANCHORS_FILE: sandbox.tsaTrustAnchorsFile,
    }),
    service('revocation-cache', ports.revocationCache, { ...fetching, ...trust }),
    ...[ports.signer, ...ports.moreSigners].map((port, index) =>
      service(index === 0 ? 'signer' : `signer-${index + 1}`, port, {
        ...storeAndRedis,
        ...trust,
        ...urls,
        KYSO_TOKENS_FILE: path('tokens.json'),
        KYSO_AUDIT_FILE: path(index === 0 ? 'audit.jsonl' : `audit-${index + 1}.jsonl`),
        SOFTHSM2_CONF: sandbox.softhsmConf,
      }),
    ),
    service('gateway', ports.gateway, {
      ...storeAndRedis,
      ...trust,
      KYSO_REVOCATION_CACHE_URL: urls.KYSO_REVOCATION_CACHE_URL,
      KYSO_POLICIES_FILE: path('policies.json'),
    }),
  ];
  const all = [authority, redis, ...services];
  const stop = async (): Promise<void> => {
    // Doors first, then the work, then what the work needs.
    for (const process of all.toReversed()) await process.stop();
    await unlock();
  };
  try {
    await Promise.all([authority.start(), redis.start()]);
    say('sandbox authority (CA, OCSP, CRL, TSA) and Redis');
    await Promise.all(services.map((process) => process.start()));
    say('gateway, signer, tsa-proxy, revocation-cache');
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    baseUrl: `http://127.0.0.1:${ports.gateway}`,
    apiKey,
    sandbox,
    sandboxUrl,
    folder,
    redis: { port: ports.redis, password: redisPassword },
    processes: () => all.map(({ name, pid }) => ({ name, pid })),
    stop,
  };
}

/** The service of a process: `signer` of `signer-2`. */
const kindOf = (name: string): string => name.replace(/-\d+$/, '');

function storeOf({ s3 }: ClusterOptions, path: (name: string) => string): StoreConfig {
  return s3 === undefined ? { folder: path('store') } : { s3 };
}

/** How gateway and signer are told which store; the keys of S3 go into files. */
async function storeEnvironment(
  { s3 }: ClusterOptions,
  path: (name: string) => string,
): Promise<Record<string, string>> {
  if (s3 === undefined) return { KYSO_STORE_FOLDER: path('store') };
  const [accessKeyFile, secretKeyFile] = [path('s3.access-key'), path('s3.secret-key')];
  await writeFile(accessKeyFile, `${s3.accessKey}\n`, { mode: 0o600 });
  await writeFile(secretKeyFile, `${s3.secretKey}\n`, { mode: 0o600 });
  return {
    KYSO_S3_ENDPOINT: s3.endpoint,
    KYSO_S3_BUCKET: s3.bucket,
    KYSO_S3_REGION: s3.region,
    KYSO_S3_ACCESS_KEY_FILE: accessKeyFile,
    KYSO_S3_SECRET_KEY_FILE: secretKeyFile,
    ...(s3.allowUnconditionalCreate === true ? { KYSO_S3_ALLOW_UNCONDITIONAL_CREATE: 'true' } : {}),
  };
}

async function writeServiceFiles(
  path: (name: string) => string,
  sandbox: Sandbox,
  { sandboxUrl, token }: { readonly sandboxUrl: string; readonly token: Readonly<Record<string, unknown>> },
): Promise<void> {
  const tokens = Object.entries(sandbox.pinFiles).map(([label, pinFile]) => ({
    name: label,
    modulePath: sandbox.softhsmModule,
    label,
    pinFile,
    mode: 'usb',
    sessions: 1,
    ...token,
  }));
  await writeFile(path('tokens.json'), JSON.stringify(tokens, undefined, 2), { mode: 0o600 });
  const upstreams = [{ name: 'sandbox', url: `${sandboxUrl}/tsa`, timeoutMs: 10_000 }];
  const policies = [
    { name: 'ordinary', description: 'What the request asks for, or it fails' },
    {
      name: 'night',
      description: 'Released at once, and time-stamped later where no authority answers',
      timestamp: 'deferred',
    },
  ];
  await writeFile(path('policies.json'), JSON.stringify(policies, undefined, 2), { mode: 0o600 });
  await writeFile(path('tsa-upstreams.json'), JSON.stringify(upstreams, undefined, 2), { mode: 0o600 });
}
