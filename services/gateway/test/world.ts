import { createHash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ApiClientRecord, CredentialRecord, Scope } from '@kyso/contracts';
import { objectKeys } from '@kyso/contracts';
import { openStore, putJson, type ObjectStore } from '@kyso/storage';
import { makeCertificate, type CertificatePlan } from './pki.js';
import { freePort, makeFolder, startGateway, startRedis, type Running } from './processes.js';

export const serviceToken = 's'.repeat(40);

/** Everything around gateways: a store, a Redis, clients and credentials. */
export interface World {
  readonly folder: string;
  readonly store: ObjectStore;
  readonly redisUrl: string;
  redis: Running;
  /** API keys by client id. */
  readonly keys: Readonly<Record<string, string>>;
  startGateway(env?: Readonly<Record<string, string>>): Promise<Running & { baseUrl: string }>;
  restartRedis(): Promise<void>;
  close(): Promise<void>;
}

const allScopes: Scope[] = ['documents', 'sign', 'verify', 'operate', 'erase'];
/** Of the client that administers. */
const adminScopes: Scope[] = ['manage', 'operate'];
const rights: ApiClientRecord['credentials'] = {
  leader: ['leader'],
  seal: ['clerk'],
  expired: ['leader'],
  future: ['leader'],
  'ca-only': ['leader'],
  off: ['leader'],
  ghost: ['leader'],
};
const credentialPlans: Readonly<Record<string, CertificatePlan>> = {
  leader: { subject: '/CN=Nguyễn Văn An/O=UBND tỉnh Hưng Yên/emailAddress=an@hungyen.gov.vn' },
  seal: { subject: '/CN=Sở Tư pháp tỉnh Hưng Yên/O=UBND tỉnh Hưng Yên' },
  expired: { subject: '/CN=Old', notAfter: '20210101000000Z' },
  future: { subject: '/CN=Young', notBefore: '20480101000000Z' },
  'ca-only': { subject: '/CN=Unfit', keyUsage: 'keyEncipherment' },
  off: { subject: '/CN=Off' },
  foreign: { subject: '/CN=Someone else' },
};

export async function makeWorld(): Promise<World> {
  const { path: folder, remove } = await makeFolder();
  const store = await openStore({ folder: join(folder, 'store'), durable: false });
  const root = await writeCredentials(folder, store);
  const keys = {
    portal: await writeClient(store, 'portal', allScopes, rights),
    other: await writeClient(store, 'other', allScopes, {}),
    admin: await writeClient(store, 'admin', adminScopes, {}),
    verifier: await writeClient(store, 'verifier', ['verify'], {}),
    disabled: await writeClient(store, 'disabled', allScopes, {}, false),
  };
  await writeFile(join(folder, 'service-token'), `${serviceToken}\n`, { mode: 0o600 });
  await writeFile(join(folder, 'roots.pem'), root);
  const port = await freePort();
  const started: Running[] = [];
  const world: World = {
    folder,
    store,
    keys,
    redisUrl: `redis://127.0.0.1:${port}`,
    redis: await startRedis(port),
    startGateway: async (env = {}) => {
      const gateway = await startGateway({
        KYSO_STORE_FOLDER: join(folder, 'store'),
        KYSO_REDIS_URL: world.redisUrl,
        KYSO_SERVICE_TOKEN_FILE: join(folder, 'service-token'),
        KYSO_TRUST_ANCHORS_FILE: join(folder, 'roots.pem'),
        KYSO_TSA_TRUST_ANCHORS_FILE: join(folder, 'roots.pem'),
        KYSO_TEMP_FOLDER: folder,
        KYSO_REGISTRY_MAX_AGE_MS: '200',
        KYSO_RECONCILE_INTERVAL_MS: '300',
        KYSO_RECONCILE_GRACE_MS: '200',
        KYSO_OUTCOME_POLL_MS: '200',
        KYSO_EVENT_HEARTBEAT_MS: '200',
        KYSO_MAX_AUTH_FAILURES_PER_MINUTE: '1000',
        ...env,
      });
      started.push(gateway);
      return gateway;
    },
    restartRedis: async () => {
      await world.redis.stop('SIGKILL');
      world.redis = await startRedis(port);
    },
    close: async () => {
      await Promise.all(started.map((gateway) => gateway.stop('SIGKILL')));
      await world.redis.stop('SIGKILL');
      await remove();
    },
  };
  return world;
}

async function writeClient(
  store: ObjectStore,
  clientId: string,
  scopes: Scope[],
  ...[credentials, enabled = true]: [ApiClientRecord['credentials'], boolean?]
): Promise<string> {
  const key = `kyso_${clientId}_${randomBytes(32).toString('base64url')}`;
  const keySha256 = createHash('sha256').update(key).digest('hex');
  const record: ApiClientRecord = { clientId, name: clientId, keySha256, scopes, credentials, enabled };
  await putJson(store, objectKeys.client(clientId), record);
  return key;
}

/** Gives the root of all their certificates. */
async function writeCredentials(folder: string, store: ObjectStore): Promise<string> {
  const issuer = join(folder, 'pki', 'root');
  const root = await makeCertificate(issuer, { subject: '/CN=Test root', keyUsage: 'keyCertSign,cRLSign' });
  await Promise.all(
    Object.entries(credentialPlans).map(async ([credentialId, plan]) => {
      const certificatesPem = await makeCertificate(join(folder, 'pki', credentialId), { ...plan, issuer });
      const record: CredentialRecord = {
        credentialId,
        kind: credentialId === 'seal' ? 'organisation' : 'person',
        token: credentialId === 'seal' ? 'token-b' : 'token-a',
        keyId: '01',
        scheme: 'ecdsa',
        digestAlgorithm: 'sha256',
        certificatesPem,
        enabled: credentialId !== 'off',
      };
      await putJson(store, objectKeys.credential(credentialId), record);
    }),
  );
  return root;
}
