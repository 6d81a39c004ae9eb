import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';
import { loadPdfjs, ofPage, openForDrawing } from '../pdfjs/pdfjs.js';

/** Which page, and how fine. */
export interface PageDrawing {
  /** 0 is the first page. */
  readonly pageIndex: number;
  /** Pixels per inch of the page as displayed; from 10 to 300. */
  readonly dpi: number;
}

/** Of the picture, about 100 MB in memory: against pages as large as a house. */
const maxPixels = 25_000_000;
/** pdfjs: annotations are drawn as they look, and no form elements are made of them. */
const annotationsAsTheyLook = 1;

/**
 * The drawing itself, in this very process: to be called by `child.ts` alone, since pdfjs reads hostile files. Gives a PNG.
 * Throws PdfError PASSWORD_NEEDED, DAMAGED, PAGE_UNKNOWN, LIMIT_EXCEEDED.
 */
export async function drawPage(source: ByteSource, { pageIndex, dpi }: PageDrawing): Promise<Uint8Array> {
  if (!(dpi >= 10 && dpi <= 300)) throw new PdfError('LIMIT_EXCEEDED', 'from 10 to 300 dpi', String(dpi));
  const { createCanvas, DOMMatrix, ImageData, Path2D } = await import('@napi-rs/canvas');
  // Before pdfjs is loaded, which takes what it finds.
  Object.assign(globalThis, { DOMMatrix, ImageData, Path2D });
  const pdfjs = await loadPdfjs();
  const document = await openForDrawing(pdfjs, source);
  if (!(Number.isInteger(pageIndex) && pageIndex >= 0 && pageIndex < document.numPages)) {
    throw new PdfError('PAGE_UNKNOWN', `a page from 1 to ${document.numPages}`, `page ${pageIndex + 1}`);
  }
  const page = await ofPage(document.getPage(pageIndex + 1));
  const viewport = page.getViewport({ scale: dpi / 72 });
  const [width, height] = [Math.max(1, Math.round(viewport.width)), Math.max(1, Math.round(viewport.height))];
  if (width * height > maxPixels) {
    throw new PdfError('LIMIT_EXCEEDED', `a page of at most ${maxPixels} pixels at ${dpi} dpi`, `${width} × ${height}`);
  }
  const canvas = createCanvas(width, height);
  const canvasContext = canvas.getContext('2d');
  const parameters = { canvasContext, viewport, annotationMode: annotationsAsTheyLook, background: 'white' };
  await ofPage(page.render(parameters).promise);
  return canvas.encode('png');
}
