// INTERFACE STUB: fixed signatures that the other packages compile against. The owner of libs/pdf replaces this file by
// the real modules (re-exported from index.ts) with the same exported names and shapes.
import type { FileHandle } from 'node:fs/promises';
import type { ByteSource } from './byte-source.js';

const todo = (): never => {
  throw new Error('stub');
};

export function bufferSource(_bytes: Uint8Array): ByteSource {
  return todo();
}
/** Reads through `handle`, which the caller closes. Small reads are served from cached blocks. */
export function fileSource(_handle: FileHandle, _size: number): ByteSource {
  return todo();
}
/** The parts one after the other, without copying. */
export function concatSource(..._parts: ByteSource[]): ByteSource {
  return todo();
}
/** Chunks of [start, end) for hashing or copying, `chunkBytes` each (default 256 KiB). */
export function readChunks(
  _source: ByteSource,
  _start: number,
  _end: number,
  _chunkBytes?: number,
): AsyncIterable<Uint8Array> {
  return todo();
}

export type PdfErrorCode =
  | 'EMPTY'
  | 'NOT_A_PDF'
  | 'DAMAGED'
  | 'NO_PAGES'
  | 'PASSWORD_NEEDED'
  | 'ENCRYPTED'
  | 'HYBRID'
  | 'LIMIT_EXCEEDED'
  | 'PAGE_UNKNOWN'
  | 'RECTANGLE_OFF_PAGE'
  | 'IMAGE_INVALID'
  | 'TEXT_NOT_DRAWABLE'
  | 'FIELD_UNUSABLE'
  | 'CERTIFIED';
/** `PDF_${code}` or `${code}` is the failure code in libs/contracts. */
export class PdfError extends Error {
  constructor(
    readonly code: PdfErrorCode,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`${code}: expected ${expected}, found ${found}`);
  }
}
export class PlaceholderTooSmall extends Error {
  constructor(
    readonly neededBytes: number,
    readonly reservedBytes: number,
  ) {
    super();
  }
}

export interface PdfLimits {
  readonly maxNesting: number;
  readonly maxRevisions: number;
  readonly maxObjects: number;
  readonly maxInflatedBytes: number;
  readonly maxObjectBytes: number;
  readonly maxPages: number;
  readonly maxSignatures: number;
  readonly deadlineMs: number;
}
export declare const defaultPdfLimits: PdfLimits;

export interface Rectangle {
  readonly xPt: number;
  readonly yPt: number;
  readonly widthPt: number;
  readonly heightPt: number;
}
export interface PdfPage {
  readonly index: number;
  /** As displayed: after /Rotate, CropBox ∩ MediaBox, UserUnit. */
  readonly widthPt: number;
  readonly heightPt: number;
}
export interface PdfSignature {
  readonly fieldName: string;
  readonly kind: 'signature' | 'document-timestamp';
  readonly subFilter: string;
  readonly byteRange: readonly [number, number, number, number];
  /** The CMS DER, cut to the length that its outer SEQUENCE states. */
  readonly cmsDer: Uint8Array;
  /** Offsets of the `<` and just after the `>` of /Contents. */
  readonly contentsStart: number;
  readonly contentsEnd: number;
  readonly signingTime?: Date;
  readonly reason?: string;
  readonly location?: string;
  readonly name?: string;
  readonly docMdp?: 1 | 2 | 3;
  /** 1-based number of the revision in which the signature value was written, and where that revision ends. */
  readonly revision: number;
  readonly revisionEnd: number;
}
export interface Revision {
  /** 1-based. */ readonly number: number;
  /** Just after the `%%EOF` (and its EOL) of the revision. */ readonly end: number;
  /** Object numbers that this revision defines or frees. */ readonly objectNumbers: readonly number[];
}
export interface DocumentSecurityStore {
  readonly certificates: Uint8Array[];
  readonly ocspResponses: Uint8Array[];
  readonly crls: Uint8Array[];
}

export class PdfDocument {
  private constructor(readonly source: ByteSource) {}
  /** Opens lazily: reads header, tail and cross-reference data only. Throws PdfError. */
  static open(_source: ByteSource, _limits?: Partial<PdfLimits>): Promise<PdfDocument> {
    return todo();
  }
  pageCount(): Promise<number> {
    return todo();
  }
  page(_index: number): Promise<PdfPage> {
    return todo();
  }
  signatures(): Promise<PdfSignature[]> {
    return todo();
  }
  revisions(): Promise<Revision[]> {
    return todo();
  }
  securityStore(): Promise<DocumentSecurityStore> {
    return todo();
  }
  /** What a later signer must know: refuses encrypted, hybrid, damaged, certified against signing. Throws PdfError. */
  assertSignable(): Promise<void> {
    return todo();
  }
}

/** Ways that the revisions after a signature changed the document, for the verdict on coverage. */
export interface ModificationFinding {
  readonly code: string;
  readonly objectNumber?: number;
  readonly detail: string;
}
/** Compares the document as of `revisionEnd` with the whole file; empty when only permitted changes follow. */
export function findModifications(_document: PdfDocument, _signature: PdfSignature): Promise<ModificationFinding[]> {
  return todo();
}

/** An appearance that is ready to be written: objects cached per image and font, geometry solved when it is placed. */
export interface AppearanceSpec {
  readonly imagePng?: Uint8Array;
  readonly lines: readonly string[];
  readonly fontSizePt: number;
}
export interface PrepareOptions {
  /** Unique; an existing empty signature field of this name is filled. */
  readonly fieldName: string;
  /** Bytes reserved for the CMS. */
  readonly reservedBytes: number;
  readonly signingTime: Date;
  readonly name?: string;
  readonly reason?: string;
  readonly location?: string;
  /** Absent: invisible, on the first page, /Rect [0 0 0 0]. */
  readonly visible?: { readonly pageIndex: number; readonly rectangle: Rectangle; readonly appearance: AppearanceSpec };
}
/** Serialisable with JSON (increment apart): lets a signature be interrupted and resumed. */
export interface PreparedState {
  readonly originalSize: number;
  readonly incrementSize: number;
  readonly byteRange: readonly [number, number, number, number];
  /** Offset of the first hexadecimal digit of /Contents within the increment. */
  readonly contentsOffset: number;
  readonly reservedBytes: number;
}
export interface Prepared {
  readonly increment: Uint8Array;
  readonly state: PreparedState;
}

export function prepareSignature(_document: PdfDocument, _options: PrepareOptions): Promise<Prepared> {
  return todo();
}
export function prepareDocumentTimestamp(
  _document: PdfDocument,
  _options: { fieldName: string; reservedBytes: number },
): Promise<Prepared> {
  return todo();
}
/** Digest of the ByteRange while streaming the original. */
export function digestPrepared(
  _original: ByteSource,
  _prepared: Prepared,
  _algorithm: 'sha256' | 'sha384' | 'sha512',
): Promise<Uint8Array> {
  return todo();
}
/** Writes the CMS into the placeholder, in place, and gives the increment back. Throws PlaceholderTooSmall. */
export function completeSignature(_prepared: Prepared, _cmsDer: Uint8Array): Uint8Array {
  return todo();
}
/** An increment that adds the evidence to /DSS (merged with what is there, duplicates left out); undefined when nothing is new. */
export function buildSecurityStore(
  _document: PdfDocument,
  _evidence: DocumentSecurityStore,
): Promise<Uint8Array | undefined> {
  return todo();
}

export type NamedPlace =
  | 'top-left'
  | 'top-center'
  | 'top-right'
  | 'middle-left'
  | 'center'
  | 'middle-right'
  | 'bottom-left'
  | 'bottom-center'
  | 'bottom-right';
/** Rectangle of a named place inside margins of 20 mm (left 30 mm), as the decree's annex sets the page. */
export function placeOnPage(_page: PdfPage, _place: NamedPlace, _widthPt: number, _heightPt: number): Rectangle {
  return todo();
}
/** Throws PdfError RECTANGLE_OFF_PAGE unless the rectangle lies on the page as displayed. */
export function assertOnPage(_page: PdfPage, _rectangle: Rectangle): void {
  todo();
}
/** Checks the PNG without decoding more than its limits allow. Throws PdfError IMAGE_INVALID. */
export function inspectPng(_png: Uint8Array): { widthPx: number; heightPx: number; hasAlpha: boolean } {
  return todo();
}
/** Throws PdfError TEXT_NOT_DRAWABLE, naming the character, when the embedded font lacks a glyph (text is NFC-normalised first). */
export function assertDrawable(_text: string): void {
  todo();
}
