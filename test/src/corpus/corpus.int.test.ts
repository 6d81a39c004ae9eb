import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgeFile } from './judge.js';
import type { SignedAnswer } from './signing-task.js';
import { writeUnchangedUpdate } from './unchanged-update.js';

const main = fileURLToPath(new URL('main.js', import.meta.url));
const sample = readFileSync(new URL('../../../samples/quyet-dinh.pdf', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kyso-corpus-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs the program over these files; `options` come behind. */
function corpus(files: ReadonlyMap<string, Uint8Array>, ...options: readonly string[]) {
  const run = mkdtempSync(join(folder, 'run-'));
  const [from, out] = [join(run, 'in'), join(run, 'out')];
  for (const [name, bytes] of files) {
    mkdirSync(join(from, name, '..'), { recursive: true });
    writeFileSync(join(from, name), bytes);
  }
  const { status, stdout } = spawnSync(process.execPath, [main, from, '--out', out, ...options], { encoding: 'utf8' });
  const lines = readFileSync(join(out, 'results.tsv'), 'utf8').trimEnd().split('\n').slice(1);
  return { status, stdout, out, from, rows: lines.map((line) => line.split('\t')) };
}

describe('the corpus runner', () => {
  it('signs what can be signed, says why the rest is refused, and keeps names as they are', () => {
    const files = new Map([
      ['một tệp.pdf', sample],
      ['sub/-o.PDF', sample],
      ['sub/line\nbreak.pdf', sample],
      ['no ending', sample],
      ['notes.txt', Buffer.from('no PDF at all')],
      ['text.pdf', Buffer.from('no PDF at all')],
      ['empty.pdf', Buffer.alloc(0)],
    ]);
    const { status, stdout, out, rows, from } = corpus(files, '--jobs', '2');
    expect(rows.map(([name, outcome, code]) => [name, outcome, code])).toEqual([
      ['empty.pdf', 'refused', 'EMPTY'],
      ['một tệp.pdf', 'signed', ''],
      ['no ending', 'signed', ''],
      ['sub/-o.PDF', 'signed', ''],
      ['sub/line\\x0abreak.pdf', 'signed', ''],
      ['text.pdf', 'refused', 'NOT_A_PDF'],
    ]);
    for (const [, , , , ms, peakRssKb] of rows) {
      expect(Number(ms)).toBeGreaterThan(0);
      expect(Number(peakRssKb)).toBeGreaterThan(10_000);
    }
    const signed = readFileSync(join(out, 'signed', 'sub', 'line\nbreak.pdf'));
    expect(signed.subarray(0, sample.length).equals(sample)).toBe(true);
    expect(readFileSync(join(from, 'một tệp.pdf')).equals(sample)).toBe(true);
    expect(existsSync(join(out, 'work'))).toBe(false);
    expect(stdout).toContain('6 files');
    expect(stdout).toContain('signed: 4');
    expect(status).toBe(0);
  }, 120_000);

  it('counts what takes over the memory or the deadline as failed, and goes on', () => {
    const files = new Map([
      ['a.pdf', sample],
      ['b.pdf', Buffer.from('no PDF at all')],
    ]);
    const { status, rows, out } = corpus(files, '--memory', '20');
    expect(rows.map(([name, outcome, code]) => [name, outcome, code])).toEqual([
      ['a.pdf', 'failed', 'MEMORY'],
      ['b.pdf', 'failed', 'MEMORY'],
    ]);
    expect(status).toBe(1);
    const again = spawnSync(process.execPath, [main, join(out, '..', 'in'), '--out', out, '--resume'], {
      encoding: 'utf8',
    });
    expect(again.stdout).toContain('2 files');
    expect(readdirSync(out)).toEqual(['results.tsv']);
  }, 60_000);
});

describe('the judges', () => {
  const answer: SignedAnswer = {
    outcome: 'signed',
    fieldNames: ['A', 'B'],
    page: { widthPt: 595, heightPt: 842 },
    rectangle: { xPt: 36, yPt: 36, widthPt: 200, heightPt: 80 },
    lines: [],
    notes: [],
    objections: [],
  };

  async function codesFor(signed: Uint8Array, original: Uint8Array = sample): Promise<string[]> {
    const work = mkdtempSync(join(folder, 'judged-'));
    const [originalPath, signedPath] = [join(work, 'original.pdf'), join(work, 'signed.pdf')];
    writeFileSync(originalPath, original);
    writeFileSync(signedPath, signed);
    const judged = await judgeFile({ originalPath, signedPath, answer, password: undefined, deadlineMs: 30_000 });
    return [...new Set(judged.objections.map(({ code }) => code))];
  }

  it('object to a file without signatures', async () => {
    expect(await codesFor(sample)).toEqual(['PDFSIG']);
  });

  it('object to a byte of the original that differs', async () => {
    const changed = Buffer.from(sample);
    changed[9] = (changed[9] ?? 0) ^ 1;
    expect(await codesFor(changed)).toContain('PREFIX');
  });

  it('object to syntax that was sound before', async () => {
    const broken = Buffer.concat([sample, Buffer.from('startxref\n5\n%%EOF\n')]);
    expect(await codesFor(broken)).toContain('QPDF');
  });

  it('object to other text and another look', async () => {
    const path = join(folder, 'pages.pdf');
    writeFileSync(join(folder, 'one.pdf'), sample);
    execFileSync('qpdf', [join(folder, 'one.pdf'), '--rotate=180', path]);
    const turned = readFileSync(path);
    expect(await codesFor(turned)).toContain('RENDERING');
    execFileSync('qpdf', ['--empty', '--pages', join(folder, 'one.pdf'), '1', '--', path]);
    expect(await codesFor(readFileSync(path))).toContain('TEXT');
  });

  it('see their own trembling in an update that changes nothing', async () => {
    const work = mkdtempSync(join(folder, 'control-'));
    const [originalPath, path] = [join(work, 'original.pdf'), join(work, 'control.pdf')];
    execFileSync('qpdf', ['--object-streams=disable', join(folder, 'one.pdf'), originalPath]);
    expect(await writeUnchangedUpdate(originalPath, path)).toBe(true);
    const [original, control] = [readFileSync(originalPath), readFileSync(path)];
    expect(control.subarray(0, original.length).equals(original)).toBe(true);
    expect(execFileSync('qpdf', ['--check', path], { encoding: 'utf8' })).toContain('No syntax');
    writeFileSync(originalPath, 'no PDF at all');
    expect(await writeUnchangedUpdate(originalPath, path)).toBe(false);
  });
});
