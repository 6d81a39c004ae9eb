import type { PdfErrorCode } from '../errors.js';

/** From the process that judges hostile bytes to the one that asked. */
export type FromChild =
  | {
      readonly kind: 'read';
      readonly id: number;
      readonly source: number;
      readonly offset: number;
      readonly length: number;
    }
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly code: PdfErrorCode; readonly expected: string; readonly found: string }
  | { readonly kind: 'failed'; readonly message: string };

/** The other way: the task, and the bytes that were asked for. */
export type ToChild =
  | { readonly kind: 'task'; readonly request: unknown; readonly sizes: readonly number[] }
  | { readonly kind: 'bytes'; readonly id: number; readonly bytes: Uint8Array };

/** Bytes of one read: against a child that asks for a whole file at once. */
export const maxReadBytes = 4 * 1024 * 1024;
