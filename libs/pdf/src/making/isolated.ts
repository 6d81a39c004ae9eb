import type { Readable } from 'node:stream';
import type { ByteSource } from '../byte-source.js';
import { runIsolated, type IsolationLimits } from '../isolated/run.js';
import type { ScanOptions } from './scans-to-pdf.js';

/** What making one PDF may cost: a scan of 300 pages takes seconds, and about 110 MB with Node itself. */
export const defaultMakingLimits: IsolationLimits = Object.freeze({
  deadlineMs: 120_000,
  maxRssBytes: 512 * 1024 ** 2,
  maxHeapBytes: 256 * 1024 ** 2,
  maxReadBytes: 8 * 1024 ** 3,
});

export interface IsolatedScanOptions extends ScanOptions {
  readonly isolation?: Partial<IsolationLimits>;
  readonly signal?: AbortSignal;
}

/**
 * As `scansToPdf`, in a process of its own with a deadline and a memory cap: for images of people whom nobody knows. Throws the
 * same, through the stream, and LIMIT_EXCEEDED when the process had to be ended.
 */
export function scansToPdfIsolated(images: readonly ByteSource[], options: IsolatedScanOptions = {}): Readable {
  const { isolation, signal, ...request } = options;
  const { output } = runIsolated({
    module: new URL('child.js', import.meta.url),
    request,
    sources: images,
    limits: { ...defaultMakingLimits, ...isolation },
    signal,
  });
  return output;
}
