import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds for which a body is read on that is refused anyway. */
const readOnMs = 2_000;

/**
 * Reads a body to its end and throws it away, for two seconds at most. Many HTTP clients only look for an answer when they
 * have sent everything: one that is refused in the middle may see a broken connection instead of the reason.
 */
export async function readOn(body: Readable): Promise<void> {
  const abort = new AbortController();
  body.resume();
  await Promise.race([
    finished(body).catch(() => undefined),
    sleep(readOnMs, undefined, { signal: abort.signal }).catch(() => undefined),
  ]);
  abort.abort();
}
