import { spawn, type ChildProcess } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createLogger } from './logger.js';
import { connectRedis } from './redis.js';

describe('the connection to Redis', () => {
  let port: number;
  let server: ChildProcess;
  const start = (): void => {
    const settings = [
      '--port',
      String(port),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--appendonly',
      'no',
      '--daemonize',
      'no',
    ];
    server = spawn('redis-server', settings, { stdio: 'ignore' });
  };
  const stop = async (): Promise<void> => {
    const ended = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGKILL');
    await ended;
  };
  beforeAll(async () => {
    const probe = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => probe.once('listening', resolve));
    port = (probe.address() as AddressInfo).port;
    await new Promise((resolve) => probe.close(resolve));
    start();
  });
  afterAll(stop);

  it('waits for a Redis that comes later, survives its death, and logs each change once', async () => {
    let log = '';
    const logger = createLogger({ service: 't', level: 'info' }, { write: (line) => void (log += line) });
    const redis = connectRedis(`redis://:hunter2@127.0.0.1:${port}`, logger);
    await redis.set('a', '1').catch(() => undefined);
    await stop();
    const waiting = redis.get('a');
    await new Promise((resolve) => setTimeout(resolve, 700));
    start();
    await waiting;
    redis.disconnect();
    const messages = log
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { msg: string }).msg);
    expect(messages.filter((text) => text === 'redis is reachable')).toHaveLength(2);
    expect(messages.filter((text) => text.startsWith('redis is not reachable'))).toHaveLength(messages.length - 2);
    expect(messages.length).toBeLessThanOrEqual(4);
    expect(log).not.toContain('hunter2');
  });

  it('fails at once where waiting is not wanted', async () => {
    const logger = createLogger({ service: 't', level: 'silent' });
    const redis = connectRedis('redis://127.0.0.1:1', logger, { failFast: true });
    const startedMs = performance.now();
    await expect(redis.get('a')).rejects.toThrow(/Stream isn't writeable|Connection is closed|max retries/);
    expect(performance.now() - startedMs).toBeLessThan(1_000);
    redis.disconnect();
  });
});
