import type { ByteSource } from '../byte-source.js';
import { runIsolated, type IsolationLimits } from '../isolated/run.js';
import type { PageDrawing } from './draw-page.js';
import { PdfError } from '../errors.js';
import type { ImageReading, ReadImage } from './read-image.js';

export type { PageDrawing } from './draw-page.js';
export type { ImageFormat, ReadImage } from './read-image.js';

/** What drawing one page may cost; Node, pdfjs and the canvas take about 130 MB. */
export const defaultDrawingLimits: IsolationLimits = Object.freeze({
  deadlineMs: 20_000,
  maxRssBytes: 768 * 1024 ** 2,
  maxHeapBytes: 256 * 1024 ** 2,
  maxReadBytes: 1024 ** 3,
});

/**
 * A page as it is displayed, annotations included, as a PNG. pdfjs reads the file in a process of its own, which gets its bytes
 * through `source` and nothing else.
 * Throws PdfError PASSWORD_NEEDED, DAMAGED, PAGE_UNKNOWN, LIMIT_EXCEEDED.
 */
export async function renderPage(
  source: ByteSource,
  drawing: PageDrawing,
  { isolation, signal }: { readonly isolation?: Partial<IsolationLimits>; readonly signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  const { result } = runIsolated({
    module: new URL('child.js', import.meta.url),
    request: { pageIndex: drawing.pageIndex, dpi: drawing.dpi },
    sources: [source],
    limits: { ...defaultDrawingLimits, ...isolation },
    signal,
  });
  return (await result) as Uint8Array;
}

/**
 * Pictures of signatures and seals as PNG, with what their pixels say, in the order of the sources; other formats are converted.
 * Decoded in one process of its own; for one that is no image there is the refusal instead (IMAGE_INVALID, LIMIT_EXCEEDED).
 * Throws PdfError LIMIT_EXCEEDED when the process had to be ended.
 */
export async function readImagesIsolated(
  sources: readonly ByteSource[],
  { isolation, signal }: { readonly isolation?: Partial<IsolationLimits>; readonly signal?: AbortSignal } = {},
): Promise<(ReadImage | PdfError)[]> {
  const { result } = runIsolated({
    module: new URL('image-child.js', import.meta.url),
    request: {},
    sources,
    limits: { ...defaultDrawingLimits, ...isolation },
    signal,
  });
  return ((await result) as ImageReading[]).map((reading) =>
    'code' in reading
      ? new PdfError(reading.code, reading.expected, reading.found)
      : // Between processes a Buffer becomes a plain array of bytes.
        { ...reading, png: Buffer.from(reading.png.buffer, reading.png.byteOffset, reading.png.byteLength) },
  );
}
