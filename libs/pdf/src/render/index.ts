import type { ByteSource } from '../byte-source.js';
import { runIsolated, type IsolationLimits } from '../isolated/run.js';
import type { PageDrawing } from './draw-page.js';
import type { ReadImage } from './read-image.js';

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
 * A picture of a signature or a seal as a PNG, with what its pixels say; other formats are converted. Decoded in a process of its
 * own. Throws PdfError IMAGE_INVALID, LIMIT_EXCEEDED.
 */
export async function readImageIsolated(
  source: ByteSource,
  { isolation, signal }: { readonly isolation?: Partial<IsolationLimits>; readonly signal?: AbortSignal } = {},
): Promise<ReadImage> {
  const { result } = runIsolated({
    module: new URL('image-child.js', import.meta.url),
    request: {},
    sources: [source],
    limits: { ...defaultDrawingLimits, ...isolation },
    signal,
  });
  return (await result) as ReadImage;
}
