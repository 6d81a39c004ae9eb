import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { configSchema, readUpstreams } from './config.js';

describe('the list of TSAs', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-tsa-config-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const write = async (value: unknown): Promise<string> => {
    const file = join(folder, 'upstreams.json');
    await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value));
    return file;
  };

  it('is read in its order, with the password from its file', async () => {
    const secret = join(folder, 'secret');
    await writeFile(secret, 'kyso:mật khẩu\n', { mode: 0o600 });
    const file = await write([
      { name: 'gov', url: 'http://tsa.ca.gov.vn', timeoutMs: 5_000, policy: '1.2.3' },
      { name: 'other', url: 'https://tsa.example', timeoutMs: 1_000, basicAuthFile: secret },
    ]);
    const [gov, other] = await readUpstreams(file);
    expect(gov).toEqual({ name: 'gov', url: 'http://tsa.ca.gov.vn', timeoutMs: 5_000, policy: '1.2.3' });
    expect(other?.authorization).toBe(`Basic ${Buffer.from('kyso:mật khẩu').toString('base64')}`);
  });

  it.each([
    ['{', 'expected JSON'],
    [[], 'at least one TSA'],
    [[{ name: 'a', url: 'ftp://x', timeoutMs: 1_000 }], '0.url'],
    [[{ name: 'a', url: 'http://x', timeoutMs: 1 }], '0.timeoutMs'],
    [[{ name: 'a', url: 'http://x', timeoutMs: 1_000, polcy: '1.2' }], 'polcy'],
    [
      [
        { name: 'a', url: 'http://x', timeoutMs: 1_000 },
        { name: 'a', url: 'http://y', timeoutMs: 1_000 },
      ],
      'names that differ',
    ],
  ])('is refused with the fault named: %j', async (value, fault) => {
    await expect(readUpstreams(await write(value))).rejects.toThrow(fault);
  });
});

describe('the configuration', () => {
  it('has no default for TSAs and trust anchors', () => {
    const result = configSchema.safeParse({ listenPort: '3000', serviceTokenFile: '/x' });
    expect(result.error?.issues.map((issue) => issue.path[0])).toEqual(['tsaUpstreamsFile', 'tsaTrustAnchorsFile']);
  });
});
