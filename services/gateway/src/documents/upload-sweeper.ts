import { objectKeys } from '@kyso/contracts';
import { createJson, getJson, putJson, type ObjectStore } from '@kyso/storage';
import type { Logger } from 'pino';
import { z } from 'zod';

/**
 * Ids sort by time: the first 6 of their 10 time characters name a window of 32⁴ ms, 17.5 minutes, so that one listing by
 * prefix gives the uploads of that window and nothing else.
 */
const windowMs = 32 ** 4;
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const firstRunLooksBackMs = 24 * 3_600_000;
const maxWindowsARun = 200;

const cursorKey = 'sweeps/uploads.json';
const cursorSchema = z.object({ nextWindow: z.int().min(0) });

/** `documents/doc_` and the six characters of window number `window` (milliseconds since 1970, divided by 32⁴). */
export function windowPrefix(window: number): string {
  let characters = '';
  for (let rest = window, i = 0; i < 6; i++, rest = Math.floor(rest / 32))
    characters = alphabet[rest % 32] + characters;
  return `documents/doc_${characters}`;
}

/**
 * Removes what a crash left in the middle of an upload: files of documents that never came to exist, because their
 * `document.json` was not written. It looks only at windows that closed longer ago than any upload may take.
 */
export class UploadSweeper {
  constructor(
    private readonly parts: {
      readonly store: ObjectStore;
      readonly logger: Logger;
      /** Milliseconds after which an upload has certainly ended. */
      readonly settledAfterMs: number;
      readonly nowMs?: () => number;
    },
  ) {}

  /** One pass over the windows that have settled since the last one; gives the number of removed uploads. */
  async run(): Promise<number> {
    const { store, settledAfterMs } = this.parts;
    const nowMs = (this.parts.nowMs ?? Date.now)();
    const settled = Math.floor((nowMs - settledAfterMs) / windowMs);
    const cursor = await getJson(store, cursorKey, cursorSchema);
    const first = cursor?.nextWindow ?? Math.floor((nowMs - firstRunLooksBackMs) / windowMs);
    const end = Math.min(settled, first + maxWindowsARun);
    if (first >= end) return 0;
    let removed = 0;
    for (let window = first; window < end; window++) removed += await this.sweepWindow(window);
    if (cursor === undefined) await createJson(store, cursorKey, { nextWindow: end });
    else await putJson(store, cursorKey, { nextWindow: end });
    return removed;
  }

  private async sweepWindow(window: number): Promise<number> {
    const { store, logger } = this.parts;
    const keysOf = new Map<string, string[]>();
    for await (const { key } of store.list(windowPrefix(window))) {
      const documentId = key.split('/')[1] ?? '';
      keysOf.set(documentId, [...(keysOf.get(documentId) ?? []), key]);
    }
    let removed = 0;
    for (const [documentId, keys] of keysOf) {
      const settled = [objectKeys.documentRecord(documentId), objectKeys.erasure(documentId)];
      if (settled.some((key) => keys.includes(key))) continue;
      // The listing is not the truth, the object is: look once more before anything is removed.
      if ((await store.stat(objectKeys.documentRecord(documentId))) !== undefined) continue;
      await store.delete(objectKeys.version(documentId, 0));
      await store.delete(objectKeys.uploadedScan(documentId));
      logger.info({ documentId }, 'removed an upload that a crash had interrupted');
      removed += 1;
    }
    return removed;
  }
}
