import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { INestApplication } from '@nestjs/common';
import { createSandbox, startSandboxServer, type Sandbox, type SandboxServer } from '@kyso/sandbox';
import { createLogger, runService } from '@kyso/service';
import { AppModule } from '../src/app.module.js';
import { configSchema } from '../src/config.js';

/** The proxy in this process, with two real TSAs of one sandbox behind it, all on loopback. */
export interface ProxyUnderTest {
  readonly url: string;
  readonly serviceToken: string;
  readonly sandbox: Sandbox;
  readonly first: SandboxServer;
  readonly second: SandboxServer;
  readonly file: (name: string) => string;
  close(): Promise<void>;
}

/** Starts everything; `upstream` changes what the list says of each TSA, `settings` the configuration. */
export async function startProxy(
  options: {
    upstream?: Record<string, unknown>;
    settings?: Record<string, unknown>;
    now?: () => Date;
  } = {},
): Promise<ProxyUnderTest> {
  const folder = await mkdtemp(join(tmpdir(), 'kyso-tsa-proxy-'));
  const file = (name: string): string => join(folder, name);
  const sandbox = await createSandbox({
    folder: file('sandbox'),
    publicBaseUrl: 'http://127.0.0.1:9',
    credentials: [],
  });
  const [first, second] = await Promise.all([
    startSandboxServer(sandbox, { port: 0 }),
    startSandboxServer(sandbox, { port: 0 }),
  ]);
  const upstreams = [
    { name: 'first', url: first.tsaUrl, timeoutMs: 2_000, ...options.upstream },
    { name: 'second', url: second.tsaUrl, timeoutMs: 2_000, ...options.upstream },
  ];
  const serviceToken = randomBytes(32).toString('base64url');
  await writeFile(file('upstreams.json'), JSON.stringify(upstreams));
  await writeFile(file('service-token'), serviceToken, { mode: 0o600 });
  const config = configSchema.parse({
    listenPort: 0,
    serviceTokenFile: file('service-token'),
    logLevel: 'fatal',
    tsaUpstreamsFile: file('upstreams.json'),
    tsaTrustAnchorsFile: sandbox.tsaTrustAnchorsFile,
    fetchAllowHosts: [first, second].map((one) => new URL(one.baseUrl).host).join(','),
    ...options.settings,
  });
  const app: INestApplication = await runService({
    name: 'tsa-proxy',
    module: AppModule.of(config, options.now),
    config,
    logger: createLogger({ service: 'tsa-proxy', level: config.logLevel }),
    bodyLimitBytes: 65_536,
    rawBodies: { 'application/timestamp-query': 'buffer' },
    exit: () => undefined,
  });
  return {
    url: await app.getUrl(),
    serviceToken,
    sandbox,
    first,
    second,
    file,
    close: async () => {
      await app.close();
      await Promise.all([first.close(), second.close()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Posts a TimeStampReq as the signer does. */
export function postQuery(
  proxy: Pick<ProxyUnderTest, 'url' | 'serviceToken'>,
  body: Uint8Array,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(proxy.url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${proxy.serviceToken}`,
      'content-type': 'application/timestamp-query',
      ...headers,
    },
    body,
  });
}

/** Runs openssl: its exit code and everything it said. */
export function openssl(...args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile('openssl', args, { timeout: 20_000 }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : 1, text: stdout + stderr });
    });
  });
}

/** A TimeStampReq made by openssl over some text. */
export async function opensslQuery(proxy: ProxyUnderTest, ...args: string[]): Promise<Buffer> {
  await writeFile(proxy.file('data'), 'Quyết định số 12/QĐ-UBND');
  await openssl('ts', '-query', '-data', proxy.file('data'), '-sha256', ...args, '-out', proxy.file('query'));
  return readFile(proxy.file('query'));
}
