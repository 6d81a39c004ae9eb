import { beforeEach, describe, expect, it } from '@jest/globals';
import { newId } from '@kyso/contracts';
import { pino } from 'pino';
import { MemoryStore } from '../../test/memory-store.js';
import { UploadSweeper, windowPrefix } from './upload-sweeper.js';

const hour = 3_600_000;
const start = Date.parse('2026-11-22T00:00:00Z');

describe('UploadSweeper', () => {
  let store: MemoryStore;
  let nowMs = start;
  const sweeper = (): UploadSweeper =>
    new UploadSweeper({ store, logger: pino({ level: 'silent' }), settledAfterMs: hour, nowMs: () => nowMs });

  beforeEach(() => {
    store = new MemoryStore();
    nowMs = start;
  });

  function upload(atMs: number, files: readonly string[]): string {
    const id = newId('doc', atMs);
    for (const file of files) store.putJson(`documents/${id}/${file}`, {});
    return id;
  }

  it('names a window by the time in the ids', () => {
    const id = newId('doc', start);
    expect(`documents/${id}`.startsWith(windowPrefix(Math.floor(start / 32 ** 4)))).toBe(true);
  });

  it('removes what a crash left of an upload and nothing else', async () => {
    const half = upload(start - 3 * hour, ['0.pdf']);
    const whole = upload(start - 3 * hour, ['0.pdf', '1.json', 'document.json']);
    const young = upload(start - 10_000, ['0.pdf']);
    await expect(sweeper().run()).resolves.toBe(1);
    const left = [...store.objects.keys()].filter((key) => key.startsWith('documents/'));
    expect(left.some((key) => key.includes(half))).toBe(false);
    expect(left.filter((key) => key.includes(whole))).toHaveLength(3);
    expect(left.filter((key) => key.includes(young))).toHaveLength(1);
  });

  it('goes on where it ended, also after a long pause', async () => {
    await sweeper().run();
    const half = upload(start + hour, ['0.pdf']);
    nowMs = start + 40 * hour;
    await expect(sweeper().run()).resolves.toBe(1);
    expect([...store.objects.keys()].some((key) => key.includes(half))).toBe(false);
  });
});
