import { mkdir, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';

/**
 * Configuration of a Redis of our own on one loopback port: every write is on disk before it is acknowledged, nothing is
 * evicted, and a password is required. Gives the arguments for `redis-server`.
 */
export async function writeRedisConfig(folder: string, port: number, password: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, 'redis.conf');
  const lines = [
    'bind 127.0.0.1',
    'protected-mode yes',
    `port ${port}`,
    `dir ${JSON.stringify(folder)}`,
    `requirepass ${password}`,
    'appendonly yes',
    'appendfsync always',
    'maxmemory-policy noeviction',
    'save ""',
    'daemonize no',
  ];
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
  return file;
}

/** True when the server answers PING with the password, so that a stranger's Redis on the port is not taken for ours. */
export function redisAnswers(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let answer = '';
    const end = (good: boolean): void => {
      socket.destroy();
      resolve(good);
    };
    socket.setTimeout(2_000, () => end(false));
    socket.once('error', () => end(false));
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (data: Buffer) => {
      answer += data.toString('latin1');
      if (answer.includes('+PONG')) end(true);
      else if (answer.startsWith('-')) end(false);
    });
  });
}
