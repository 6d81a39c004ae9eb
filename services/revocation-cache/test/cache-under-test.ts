import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCertificatesPem } from '@kyso/cms';
import { evidenceSchema, type Evidence } from '@kyso/contracts';
import { createSandbox, startSandboxServer, type Sandbox, type SandboxServer } from '@kyso/sandbox';
import { createLogger, runService } from '@kyso/service';
import { AppModule } from '../src/app.module.js';
import { configSchema } from '../src/config.js';

/** A sandbox in a temporary folder, made once for a test file. */
export interface SandboxFolder {
  readonly sandbox: Sandbox;
  readonly file: (name: string) => string;
  /** DER in base64: leaf, issuing CA, root. */
  readonly chainOf: (credentialId: string) => string[];
  readonly tsaChain: () => Promise<string[]>;
  remove(): Promise<void>;
}

/** Makes a sandbox with two credentials on a free port of loopback. */
export async function makeSandbox(): Promise<SandboxFolder> {
  const folder = await mkdtemp(join(tmpdir(), 'kyso-revocation-'));
  const file = (name: string): string => join(folder, name);
  const sandbox = await createSandbox({
    folder: file('sandbox'),
    publicBaseUrl: `http://127.0.0.1:${await freePort()}`,
    credentials: ['leader', 'clerk'].map((credentialId) => ({
      credentialId,
      kind: 'person',
      keyKind: 'p-256',
      token: 'test',
      subject: { commonName: credentialId },
    })),
  });
  const root = await base64Of(sandbox.trustAnchorsFile);
  return {
    sandbox,
    file,
    chainOf: (credentialId) => {
      const pem = sandbox.credentials.find((one) => one.credentialId === credentialId)?.certificatesPem ?? '';
      return [...parseCertificatesPem(pem).map((one) => Buffer.from(one.der).toString('base64')), ...root];
    },
    tsaChain: () => base64Of(file('sandbox/pki/tsa-unit.crt.pem'), sandbox.tsaTrustAnchorsFile),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

async function base64Of(...files: string[]): Promise<string[]> {
  const pem = (await Promise.all(files.map((one) => readFile(one, 'utf8')))).join('');
  return parseCertificatesPem(pem).map((one) => Buffer.from(one.der).toString('base64'));
}

/** A port that is free now; the sandbox's certificates name it before anybody listens there. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}

/** The service in this process, before the real OCSP responder and CRLs of a sandbox. */
export interface CacheUnderTest {
  readonly url: string;
  readonly server: SandboxServer;
  /** The clock of the service and of the sandbox; `pass` moves it. */
  readonly clock: { now: () => Date; pass: (ms: number) => void };
  ask(chain: readonly string[], notOlderThan?: Date): Promise<Evidence>;
  metrics(): Promise<string>;
  post(body: unknown, token?: string): Promise<Response>;
  close(): Promise<void>;
}

/** Starts service and sandbox server with a clock of their own. */
export async function startCache(from: SandboxFolder, settings: Record<string, unknown> = {}): Promise<CacheUnderTest> {
  let aheadMs = 0;
  const clock = {
    now: () => new Date(Date.now() + aheadMs),
    pass: (ms: number) => {
      aheadMs += ms;
    },
  };
  const { port, host } = new URL(from.sandbox.publicBaseUrl);
  const server = await startSandboxServer(from.sandbox, { port: Number(port), now: clock.now });
  const serviceToken = randomBytes(32).toString('base64url');
  await writeFile(from.file('service-token'), serviceToken, { mode: 0o600 });
  const config = configSchema.parse({
    listenPort: 0,
    serviceTokenFile: from.file('service-token'),
    logLevel: 'fatal',
    fetchAllowHosts: host,
    hedgeAfterMs: 200,
    fetchTimeoutMs: 1_000,
    ...settings,
  });
  const app = await runService({
    name: 'revocation-cache',
    module: AppModule.of(config, clock.now),
    config,
    logger: createLogger({ service: 'revocation-cache', level: config.logLevel }),
    exit: () => undefined,
  });
  const url = await app.getUrl();
  const post: CacheUnderTest['post'] = (body, token = serviceToken) =>
    fetch(`${url}/v1/evidence`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  return {
    url,
    server,
    clock,
    post,
    metrics: async () =>
      (await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${serviceToken}` } })).text(),
    ask: async (chain, notOlderThan) => {
      const response = await post({ chain, ...(notOlderThan === undefined ? {} : { notOlderThan }) });
      return evidenceSchema.parse(await response.json());
    },
    close: async () => {
      await app.close();
      await server.close();
    },
  };
}

/** Runs openssl: its exit code and everything it said. */
export function openssl(...args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile('openssl', args, { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, text: stdout + stderr });
    });
  });
}
