import { readFileSync } from 'node:fs';
import { bufferSource } from '../sources.js';
import type { ScanLimits } from './limits.js';
import { scansToPdf } from './scans-to-pdf.js';

/** A file of `vectors/`, which `vectors/make-vectors.py` made: one picture of 75 × 100 pixels at 100 dots per inch. */
export function vector(name: string): Buffer {
  return readFileSync(new URL(`../../src/making/vectors/${name}`, import.meta.url));
}

/** The PDF of these images, whole. */
export async function madePdf(...images: Uint8Array[]): Promise<Buffer> {
  return madeWithin({}, ...images);
}

/** The same within other limits. */
export async function madeWithin(limits: Partial<ScanLimits>, ...images: Uint8Array[]): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of scansToPdf(images.map(bufferSource), { limits })) chunks.push(chunk);
  return Buffer.concat(chunks);
}
