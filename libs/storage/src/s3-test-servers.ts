import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { createServer as createHttpServer, request } from 'node:http';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { S3Config } from './s3-config.js';

/** A server that a test started. */
export interface S3TestServer {
  readonly config: S3Config;
  stop(): Promise<void>;
}

const bucket = 'kyso-test';

/** s3rver from the npm registry: ignores If-None-Match. */
export async function startS3rver(): Promise<S3TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'kyso-s3rver-'));
  const port = await freePort();
  const bin = join(createRequire(import.meta.url).resolve('s3rver/package.json'), '../bin/s3rver.js');
  const child = spawn(
    process.execPath,
    [
      // Its continuation tokens are DES, which OpenSSL 3 keeps with the old algorithms.
      '--openssl-legacy-provider',
      bin,
      '-d',
      folder,
      '-a',
      '127.0.0.1',
      '-p',
      String(port),
      '--configure-bucket',
      bucket,
      '--no-vhost-buckets',
      '-s',
    ],
    { stdio: 'ignore' },
  );
  return started(child, folder, {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    region: 'us-east-1',
    accessKey: 'S3RVER',
    secretKey: 'S3RVER',
  });
}

/** Path of versitygw: `KYSO_TEST_VERSITYGW`, or var/bin/versitygw of the checkout; undefined where there is none. */
export function findVersitygw(): string | undefined {
  const candidates = [
    process.env['KYSO_TEST_VERSITYGW'],
    fileURLToPath(new URL('../../../var/bin/versitygw', import.meta.url)),
  ];
  return candidates.find((path) => path !== undefined && existsSync(path));
}

/** versitygw on a folder: honours If-None-Match. */
export async function startVersitygw(bin: string): Promise<S3TestServer> {
  const folder = await mkdtemp(join(tmpdir(), 'kyso-versitygw-'));
  for (const name of ['objects', join('objects', bucket), 'metadata']) await mkdir(join(folder, name));
  const port = await freePort();
  const config = {
    endpoint: `http://127.0.0.1:${port}`,
    bucket,
    region: 'us-east-1',
    accessKey: 'kyso-access',
    secretKey: 'kyso-secret-of-a-test',
  };
  const child = spawn(
    bin,
    [
      '--quiet',
      '--keep-alive',
      '--port',
      `127.0.0.1:${port}`,
      '--access',
      config.accessKey,
      '--secret',
      config.secretKey,
    ].concat(
      // Metadata beside the objects: not every file system of a build machine has extended attributes.
      ['posix', '--sidecar', join(folder, 'metadata'), join(folder, 'objects')],
    ),
    { stdio: 'ignore' },
  );
  return started(child, folder, config);
}

/** A way to a server that counts the requests and the bytes of the answers. */
export async function countRequests(
  config: S3Config,
): Promise<{ config: S3Config; counted: { requests: number; answerBytes: number }; stop(): void }> {
  const target = new URL(config.endpoint);
  const counted = { requests: 0, answerBytes: 0 };
  const proxy = createHttpServer((incoming, outgoing) => {
    counted.requests++;
    const { method, url, headers } = incoming;
    const onward = request({ host: target.hostname, port: target.port, method, path: url, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.on('data', (chunk: Buffer) => (counted.answerBytes += chunk.length));
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    outgoing.on('close', () => onward.destroy());
    incoming.pipe(onward);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => proxy.once('listening', resolve));
  const { port } = proxy.address() as { port: number };
  return {
    config: { ...config, endpoint: `http://127.0.0.1:${port}` },
    counted,
    stop: () => {
      proxy.closeAllConnections();
      proxy.close();
    },
  };
}

const setting = (field: string): string | undefined => process.env[`KYSO_TEST_S3_${field}`];

/** Any endpoint that the environment names: KYSO_TEST_S3_ENDPOINT, _BUCKET, _REGION, _ACCESS_KEY, _SECRET_KEY. */
export function endpointOfEnvironment(): S3Config | undefined {
  const endpoint = setting('ENDPOINT');
  if (endpoint === undefined) return undefined;
  return {
    endpoint,
    bucket: setting('BUCKET') ?? bucket,
    region: setting('REGION') ?? 'us-east-1',
    accessKey: setting('ACCESS_KEY') ?? '',
    secretKey: setting('SECRET_KEY') ?? '',
  };
}

async function started(child: ChildProcess, folder: string, config: S3Config): Promise<S3TestServer> {
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
    }
    await rm(folder, { recursive: true, force: true });
  };
  for (let attempt = 0; attempt < 100; attempt++) {
    if (child.exitCode !== null) break;
    const answered = await fetch(config.endpoint).then(
      () => true,
      () => false,
    );
    if (answered) return { config, stop };
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  await stop();
  throw new Error(`expected an S3 server at ${config.endpoint}, found none`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
