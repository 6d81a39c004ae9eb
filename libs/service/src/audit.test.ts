import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openAudit } from './audit.js';
import { verifyAudit } from './audit-verify.js';

describe('the audit log', () => {
  let folder: string;
  let file: string;
  let count = 0;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-audit-'));
  });
  beforeEach(() => {
    file = join(folder, `audit-${count++}.jsonl`);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const linesOf = async (): Promise<string[]> => (await readFile(file, 'utf8')).trimEnd().split('\n');
  const writeSome = async (...events: string[]): Promise<void> => {
    const audit = await openAudit(file);
    for (const event of events) await audit.write({ event, jobId: 'job_1' });
    await audit.close();
  };

  it('writes JSON lines, each with the digest of the one before', async () => {
    const audit = await openAudit(file);
    await audit.write({ event: 'key.use', jobId: 'job_1', credentialId: 'leader' });
    await audit.write({ event: 'key.used', jobId: 'job_1' });
    await audit.close();
    const [first = '', second = ''] = await linesOf();
    expect(JSON.parse(first)).toEqual({
      at: expect.stringMatching(/Z$/),
      event: 'key.use',
      jobId: 'job_1',
      credentialId: 'leader',
      prev: '0'.repeat(64),
    });
    expect((JSON.parse(second) as { prev: string }).prev).toBe(createHash('sha256').update(first).digest('hex'));
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await verifyAudit(file)).toMatchObject({ intact: true, lines: 2, repaired: 0, tornTailBytes: 0 });
  });

  it('has a line on the disk when its write resolves, also with many writers', async () => {
    const audit = await openAudit(file);
    await Promise.all(
      Array.from({ length: 200 }, async (_, index) => {
        await audit.write({ event: 'key.use', jobId: `job_${index}` });
        expect(await readFile(file, 'utf8')).toContain(`"job_${index}"`);
      }),
    );
    await audit.close();
    expect(await verifyAudit(file)).toMatchObject({ intact: true, lines: 200 });
  });

  it('goes on with the chain after it was closed and opened again', async () => {
    await writeSome('a', 'b');
    await writeSome('c');
    expect(await verifyAudit(file)).toMatchObject({ intact: true, lines: 3 });
  });

  it('takes down what an entry says when write is called', async () => {
    const audit = await openAudit(file);
    const entry = { event: 'before', jobId: 'job_1' };
    const written = audit.write(entry);
    entry.event = 'after';
    await written;
    await audit.close();
    expect((await linesOf())[0]).toContain('before');
  });

  it.each(['{"at":"2026', '\u0000\u0000\u0000', '{"event":"x"}'])(
    'keeps a torn last line (%j) and notes it',
    async (torn) => {
      await writeSome('a');
      await appendFile(file, torn);
      expect(await verifyAudit(file)).toMatchObject({ intact: true, lines: 1, tornTailBytes: torn.length });
      await writeSome('b');
      const lines = await linesOf();
      expect(lines[1]).toBe(torn);
      expect(JSON.parse(lines[2] ?? '')).toMatchObject({ event: 'audit.repaired', tornBytes: torn.length });
      expect(await verifyAudit(file)).toMatchObject({ intact: true, lines: 4, repaired: 1 });
    },
  );

  it('repairs a file that is nothing but a torn line', async () => {
    await writeFile(file, '{"at', { mode: 0o600 });
    await writeSome('a');
    expect(await verifyAudit(file)).toMatchObject({ intact: true, lines: 3, repaired: 1 });
  });

  const verdictOf = async (...lines: string[]): Promise<unknown> => {
    await writeFile(file, `${lines.join('\n')}\n`);
    return verifyAudit(file);
  };

  it('shows where a line was changed, taken out, put in, or put elsewhere', async () => {
    await writeSome('a', 'b', 'c', 'd');
    const [a = '', b = '', c = '', d = ''] = await linesOf();
    expect(await verdictOf(a, b.replace('job_1', 'job_2'), c, d)).toMatchObject({
      intact: false,
      problem: { line: 3 },
    });
    expect(await verdictOf(a, c, d)).toMatchObject({ intact: false, problem: { line: 2 } });
    expect(await verdictOf(b, c, d)).toMatchObject({ intact: false, problem: { line: 1 } });
    expect(await verdictOf(a, c, b, d)).toMatchObject({ intact: false, problem: { line: 2 } });
    expect(await verdictOf(a, 'not ours', b, c, d)).toMatchObject({ intact: false, problem: { line: 3 } });
    expect(await verdictOf(a, b, c, 'not ours')).toMatchObject({ intact: false, problem: { line: 4 } });
    expect(await verdictOf(a, b, c, d)).toMatchObject({ intact: true, lines: 4 });
  });

  it('shows lines that were cut off at the end by another head', async () => {
    await writeSome('a', 'b');
    const { head } = await verifyAudit(file);
    const [a = ''] = await linesOf();
    await writeFile(file, `${a}\n`);
    expect(await verifyAudit(file)).toMatchObject({ intact: true, head: expect.not.stringContaining(head) });
  });

  it('refuses to go on when another process writes to the file', async () => {
    const audit = await openAudit(file);
    await audit.write({ event: 'a', jobId: 'job_1' });
    await writeSome('from elsewhere');
    const write = audit.write({ event: 'b', jobId: 'job_1' });
    await expect(write).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(audit.write({ event: 'c', jobId: 'job_1' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await audit.close();
    expect(await verifyAudit(file)).toMatchObject({ intact: true, lines: 2 });
  });

  it('refuses entries that are too large, use its names, or are not JSON, and goes on', async () => {
    const audit = await openAudit(file);
    await expect(audit.write({ event: 'x', jobId: 'j', pad: 'x'.repeat(70_000) })).rejects.toThrow('65536 bytes');
    await expect(audit.write({ event: 'x', jobId: 'j', prev: 'x' })).rejects.toThrow(TypeError);
    await expect(audit.write({ event: 'x', jobId: 'j', n: 1n })).rejects.toThrow(TypeError);
    await audit.write({ event: 'ok', jobId: 'j' });
    await audit.close();
    expect(await verifyAudit(file)).toMatchObject({ intact: true, lines: 1 });
  });

  it('finishes what was written before close and refuses what comes after', async () => {
    const audit = await openAudit(file);
    const pending = [1, 2, 3].map((n) => audit.write({ event: 'e', jobId: `job_${n}` }));
    const closed = audit.close();
    await expect(audit.write({ event: 'late', jobId: 'job_4' })).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await Promise.all([...pending, closed]);
    expect(await verifyAudit(file)).toMatchObject({ intact: true, lines: 3 });
  });

  it('cannot be opened where no file can be', async () => {
    await expect(openAudit(join(folder, 'none', 'audit.jsonl'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});
