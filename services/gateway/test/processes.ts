import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A process that a test started. */
export interface Running {
  readonly process: ChildProcess;
  /** Ends it and waits until it is gone; gives the exit code, null after a signal. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export async function makeFolder(): Promise<{ path: string; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'kyso-gateway-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** A Redis of its own on a loopback port, in memory. */
export async function startRedis(port: number): Promise<Running> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'noeviction'];
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await lineThat(child, (line) => line.includes('Ready to accept connections'));
  return running(child);
}

/** A gateway as it is run in the field: its own process, configured by environment. */
export async function startGateway(env: Readonly<Record<string, string>>): Promise<Running & { baseUrl: string }> {
  const main = fileURLToPath(new URL('../src/main.js', import.meta.url));
  const child = spawn(process.execPath, [main], {
    env: { PATH: process.env['PATH'], KYSO_LISTEN_PORT: '0', KYSO_LOG_LEVEL: 'info', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const line = await lineThat(child, (text) => text.includes('"msg":"listening"'));
  return { ...running(child), baseUrl: (JSON.parse(line) as { url: string }).url };
}

async function lineThat(child: ChildProcess, matches: (line: string) => boolean): Promise<string> {
  const seen: string[] = [];
  return new Promise<string>((resolve, reject) => {
    const lines = createInterface({ input: child.stdout! });
    // Goes on reading after the match: a full pipe would stop the process.
    lines.on('line', (line) => {
      seen.push(line);
      if (seen.length > 1_000) seen.shift();
      if (process.env['KYSO_TEST_LOG'] !== undefined) process.stderr.write(`${line}\n`);
      if (matches(line)) resolve(line);
    });
    child.once('exit', (code) => reject(new Error(`exit code ${code}: ${seen.slice(-20).join('\n')}`)));
  });
}

function running(child: ChildProcess): Running {
  return {
    process: child,
    stop: async (signal = 'SIGTERM') => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
      return child.exitCode;
    },
  };
}
