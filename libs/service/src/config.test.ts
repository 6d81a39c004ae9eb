import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { describeConfig, loadConfig } from './config.js';
import {
  commaList,
  readStoreSettings,
  redisConfigShape,
  serviceConfigShape,
  storeConfigShape,
  wholeNumber,
} from './config-shapes.js';
import { readSecretFile } from './secret-file.js';

const schema = z.object({
  ...serviceConfigShape,
  ...redisConfigShape,
  allowHosts: commaList(z.string().regex(/^\S+:\d+$/, 'expected host:port'))
    .default([])
    .describe('Hosts that may be asked. Items separated by commas | none.'),
  quotaPerHour: wholeNumber(1, 100).optional().describe('Requests per hour; absent: no limit.'),
});
const complete = {
  KYSO_LISTEN_PORT: '3002',
  KYSO_SERVICE_TOKEN_FILE: '/run/token',
  KYSO_REDIS_URL: 'redis://localhost:6379',
};

function loadAndCatch(env: NodeJS.ProcessEnv): { report: string; code: number | undefined } {
  let report = '';
  let code: number | undefined;
  const exit = (given: number): never => {
    code = given;
    throw new Error('exit');
  };
  expect(() => loadConfig(schema, env, { write: (text) => (report += text), exit })).toThrow('exit');
  return { report, code };
}

describe('loadConfig', () => {
  it('reads a field from its variable, fills in defaults, and freezes', () => {
    const config = loadConfig(schema, { ...complete, KYSO_ALLOW_HOSTS: 'a:80, b:8080,', PATH: '/bin' });
    expect(config).toMatchObject({
      listenPort: 3002,
      listenHost: '127.0.0.1',
      shutdownTimeoutMs: 25_000,
      allowHosts: ['a:80', 'b:8080'],
    });
    expect(config).not.toHaveProperty('quotaPerHour');
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('treats an empty variable as absent', () => {
    expect(loadConfig(schema, { ...complete, KYSO_LISTEN_HOST: '  ' }).listenHost).toBe('127.0.0.1');
    expect(loadAndCatch({ ...complete, KYSO_LISTEN_PORT: '' }).report).toContain('KYSO_LISTEN_PORT: is missing');
  });

  it('says every problem at once, with what the variable means, and exits 1', () => {
    const { report, code } = loadAndCatch({
      KYSO_LISTEN_PORT: '70000',
      KYSO_LOG_LEVEL: 'loud',
      KYSO_REDIS_URL: 'http://x',
      KYSO_ALLOW_HOSTS: 'a:1,b',
      KYSO_QUOTA_PER_HOUR: '1.5',
    });
    expect(code).toBe(1);
    expect(report).toContain('6 problems');
    expect(report).toContain('KYSO_LISTEN_PORT: expected a whole number from 0 to 65535');
    expect(report).toContain('KYSO_LOG_LEVEL:');
    expect(report).toContain('KYSO_REDIS_URL: expected a URL such as redis://');
    expect(report).toContain('KYSO_ALLOW_HOSTS.1: expected host:port');
    expect(report).toContain('KYSO_QUOTA_PER_HOUR: expected a whole number from 1 to 100');
    expect(report).toContain('KYSO_SERVICE_TOKEN_FILE: is missing\n      File (mode 0400 or 0600)');
  });

  it('never prints a value, which may be a secret in the wrong place', () => {
    const { report } = loadAndCatch({ ...complete, KYSO_LISTEN_PORT: 'hunter2', KYSO_LOG_LEVEL: 'hunter2' });
    expect(report).not.toContain('hunter2');
  });

  it('takes the password of Redis from a file only: an address shows in lists of processes', () => {
    const found = loadAndCatch({ ...complete, KYSO_REDIS_URL: 'redis://:geheim@127.0.0.1:6379' });
    expect(found.code).toBe(1);
    expect(found.report).toContain('KYSO_REDIS_PASSWORD_FILE');
    expect(found.report).not.toContain('geheim');
  });

  it.each(['1e3', '0x10', '3.5', ' ', '99999999999999999999'])('does not take %j for a whole number', (text) => {
    expect(loadAndCatch({ ...complete, KYSO_LISTEN_PORT: text }).code).toBe(1);
  });
});

describe('describeConfig', () => {
  it('makes a table row of each field', () => {
    const table = describeConfig(schema);
    expect(table).toContain('| `KYSO_LISTEN_PORT` | TCP port to listen on');
    expect(table).toContain('| **required** |');
    expect(table).toContain('| `25000` |');
    expect(table).toContain('separated by commas \\| none. | `[]` |');
    expect(table).toMatch(/`KYSO_QUOTA_PER_HOUR` \| Requests per hour; absent: no limit. \| none \|/);
  });

  it('finds a meaning for every shared field, and no default for secrets', () => {
    const table = describeConfig(z.object({ ...serviceConfigShape, ...storeConfigShape, ...redisConfigShape }));
    for (const row of table.trim().split('\n').slice(2))
      expect(row).toMatch(/^\| `KYSO_[A-Z0-9_]+` \| \S.{20,} \| \S+/);
    expect(table).toMatch(/KYSO_SERVICE_TOKEN_FILE.*\*\*required\*\*/);
  });
});

describe('files with secrets', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-secret-'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const secret = async (content: string, mode: number): Promise<string> => {
    const path = join(folder, `s${Math.random()}`);
    await writeFile(path, content);
    await chmod(path, mode);
    return path;
  };

  it('gives the content without the last newline', async () => {
    expect(await readSecretFile(await secret('a b\n', 0o600))).toBe('a b');
    expect(await readSecretFile(await secret('a\n\n', 0o400))).toBe('a\n');
  });

  it.each([0o640, 0o604, 0o660, 0o644])('refuses mode %o and says how to mend it', async (mode) => {
    await expect(readSecretFile(await secret('hunter2', mode))).rejects.toThrow(/mode 0400 or 0600.*chmod 600/);
  });

  it('refuses what is empty, too large, no file, or absent, and never shows the content', async () => {
    await expect(readSecretFile(await secret('\n', 0o600))).rejects.toThrow('empty');
    const large = readSecretFile(await secret('hunter2'.repeat(1_000), 0o600));
    await expect(large).rejects.toThrow('at most 4096 bytes');
    await expect(large).rejects.not.toThrow('hunter2');
    await chmod(folder, 0o700);
    await expect(readSecretFile(folder)).rejects.toThrow('a regular file');
    await expect(readSecretFile(join(folder, 'none'))).rejects.toThrow('ENOENT');
  });

  it('makes store settings of a folder or of a whole S3 configuration', async () => {
    const none = { s3AllowUnconditionalCreate: false };
    expect(await readStoreSettings({ ...none, storeFolder: '/data' })).toEqual({ folder: '/data' });
    const s3 = { s3Endpoint: 'http://s3:9000', s3Bucket: 'kyso' };
    const s3AccessKeyFile = await secret('access', 0o600);
    const s3SecretKeyFile = await secret('secret', 0o600);
    expect(await readStoreSettings({ ...none, ...s3, s3AccessKeyFile, s3SecretKeyFile })).toEqual({
      s3: {
        endpoint: 'http://s3:9000',
        bucket: 'kyso',
        region: 'us-east-1',
        accessKey: 'access',
        secretKey: 'secret',
        allowUnconditionalCreate: false,
      },
    });
    await expect(readStoreSettings(none)).rejects.toThrow('found neither');
    await expect(readStoreSettings({ ...none, ...s3, storeFolder: '/data' })).rejects.toThrow('found both');
    await expect(readStoreSettings({ ...none, ...s3 })).rejects.toThrow(
      'missing KYSO_S3_ACCESS_KEY_FILE, KYSO_S3_SECRET_KEY_FILE',
    );
  });
});
