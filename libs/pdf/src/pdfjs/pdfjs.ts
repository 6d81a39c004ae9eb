import { fileURLToPath } from 'node:url';
import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';

/** What we use of pdfjs-dist; its own types need those of a browser. */
export interface PdfjsPage {
  getViewport(options: { scale: number }): { transform: Matrix; width: number; height: number };
  render(parameters: Readonly<Record<string, unknown>>): { readonly promise: Promise<void> };
  getOperatorList(options: { annotationMode: number }): Promise<{ fnArray: number[]; argsArray: unknown[][] }>;
  readonly commonObjs: { has(name: string): boolean; get(name: string): PdfjsFont };
  cleanup(): boolean;
}
export interface PdfjsDocument {
  readonly numPages: number;
  getPage(number: number): Promise<PdfjsPage>;
  getOptionalContentConfig(): Promise<{ isVisible(group: unknown): boolean }>;
}
export interface PdfjsFont {
  readonly ascent?: number;
  readonly descent?: number;
  readonly fontMatrix?: Matrix;
  readonly vertical?: boolean;
  readonly isType3Font?: boolean;
}
export type Matrix = readonly [number, number, number, number, number, number];

interface Pdfjs {
  readonly OPS: Readonly<Record<string, number>>;
  readonly PDFDataRangeTransport: new (length: number, initialData: Uint8Array) => RangeTransport;
  getDocument(parameters: Readonly<Record<string, unknown>>): { readonly promise: Promise<PdfjsDocument> };
}
interface RangeTransport {
  onDataRange(begin: number, chunk: Uint8Array): void;
  requestDataRange(begin: number, end: number): void;
}

const rangeBytes = 64 * 1024;
/** An A4 page scanned at 600 dpi has 35 million; a larger picture is left out. */
const maxDrawnPixels = 64_000_000;

/**
 * Loads pdfjs. It wants three classes of a browser when it is loaded, which only drawing uses: empty ones spare the native
 * module that it would otherwise take them from.
 */
export async function loadPdfjs(): Promise<Pdfjs> {
  for (const name of ['DOMMatrix', 'ImageData', 'Path2D']) {
    if (!(name in globalThis)) Object.defineProperty(globalThis, name, { value: class {} });
  }
  return (await import('pdfjs-dist/legacy/build/pdf.mjs')) as unknown as Pdfjs;
}

/**
 * Opens a document for its text alone: no image is decoded, no script runs, no code is made, nothing is fetched, no font of the
 * system is used. Throws PdfError PASSWORD_NEEDED, DAMAGED.
 */
export function openForText(pdfjs: Pdfjs, source: ByteSource): Promise<PdfjsDocument> {
  // Pictures of more than one pixel are left out before they are decoded.
  return open(pdfjs, source, { maxImageSize: 1 });
}

/** Opens a document to draw its pages: with the fonts and character maps that pdfjs brings along. Throws likewise. */
export function openForDrawing(pdfjs: Pdfjs, source: ByteSource): Promise<PdfjsDocument> {
  const folder = new URL('../../', import.meta.resolve('pdfjs-dist/legacy/build/pdf.mjs'));
  const path = (name: string): string => fileURLToPath(new URL(`${name}/`, folder));
  const data = { standardFontDataUrl: path('standard_fonts'), cMapUrl: path('cmaps'), cMapPacked: true };
  return open(pdfjs, source, { ...data, maxImageSize: maxDrawnPixels });
}

async function open(
  pdfjs: Pdfjs,
  source: ByteSource,
  options: Readonly<Record<string, unknown>>,
): Promise<PdfjsDocument> {
  class SourceTransport extends pdfjs.PDFDataRangeTransport {
    override requestDataRange(begin: number, end: number): void {
      // A copy: what pdfjs gets it transfers.
      void source.read(begin, end - begin).then((bytes) => this.onDataRange(begin, Uint8Array.from(bytes)));
    }
  }
  const initial = Uint8Array.from(await source.read(0, Math.min(rangeBytes, source.size)));
  const transport = new SourceTransport(source.size, initial);
  try {
    return await pdfjs.getDocument({
      range: transport,
      rangeChunkSize: rangeBytes,
      disableAutoFetch: true,
      disableStream: true,
      isEvalSupported: false,
      useSystemFonts: false,
      disableFontFace: true,
      useWorkerFetch: false,
      useWasm: false,
      isOffscreenCanvasSupported: false,
      isImageDecoderSupported: false,
      enableXfa: false,
      verbosity: 0,
      ...options,
    }).promise;
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name === 'PasswordException') {
      throw new PdfError('PASSWORD_NEEDED', 'a file that the empty user password opens', 'another password');
    }
    throw new PdfError('DAMAGED', 'a file that can be read', name);
  }
}

/** What pdfjs gives of a page. Throws PdfError DAMAGED when pdfjs says by an exception of its own that it can't read it. */
export async function ofPage<T>(read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    const name = error instanceof Error ? error.name : '';
    if (name.endsWith('Exception')) throw new PdfError('DAMAGED', 'pages that can be read', name);
    throw error;
  }
}
