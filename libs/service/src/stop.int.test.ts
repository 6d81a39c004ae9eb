import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly log: () => string;
  readonly exited: Promise<number | null>;
}

async function start(shutdownTimeoutMs: number): Promise<Running> {
  const main = fileURLToPath(new URL('./test-service-main.js', import.meta.url));
  const child = spawn(process.execPath, [main, String(shutdownTimeoutMs)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  let log = '';
  const url = await new Promise<string>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const found = /"url":"([^"]+)"/.exec(log)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
  return { child, url, log: () => log, exited };
}

describe('a process that is told to stop', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('on %s answers what runs, runs its hooks and exits 0', async (signal) => {
    const { child, url, log, exited } = await start(5_000);
    const slow = fetch(`${url}/v1/slow`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill(signal);
    child.kill(signal);
    expect((await slow).status).toBe(200);
    expect(await exited).toBe(0);
    expect(log()).toContain('shutdown hook ran');
    expect(log()).toContain('stopped');
  });

  it('is not held up by a connection that never carried a request', async () => {
    const { child, url, exited } = await start(5_000);
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    await once(socket, 'connect');
    child.kill('SIGTERM');
    expect(await exited).toBe(0);
    socket.destroy();
  });

  it('exits 1 when work does not end in time', async () => {
    const { child, url, log, exited } = await start(300);
    const hanging = fetch(`${url}/v1/hangs`).catch(() => 'cut off');
    await new Promise((resolve) => setTimeout(resolve, 200));
    child.kill('SIGTERM');
    expect(await exited).toBe(1);
    expect(await hanging).toBe('cut off');
    expect(log()).toContain('stopping took too long');
  });
});
