/** Caps on what a hostile file can make the reader do; a file beyond one is refused with `LIMIT_EXCEEDED`. */
export interface PdfLimits {
  /** Depth of arrays and dictionaries, and of the page and field trees: against exhaustion of the stack. */
  readonly maxNesting: number;
  /** Cross-reference sections followed through /Prev: against endless chains. */
  readonly maxRevisions: number;
  /** Objects that cross-reference data may describe, and objects that one operation may visit: against /Size bombs. */
  readonly maxObjects: number;
  /** Bytes that one stream may inflate to: against decompression bombs, which also sit in cross-reference streams. */
  readonly maxInflatedBytes: number;
  /** Bytes of one object without its stream data, and of one stream as stored: against objects that never end. */
  readonly maxObjectBytes: number;
  /** Pages that are counted one by one. */
  readonly maxPages: number;
  /** Objects that one screening looks at: against documents made to keep a signing queue busy. */
  readonly maxScreenedObjects: number;
  /** Signature values read from one document. */
  readonly maxSignatures: number;
  /** Milliseconds that one operation may take (open, page, signatures, prepare …), apart from the hash. */
  readonly deadlineMs: number;
}

/** How a document is to be opened. */
export interface OpenOptions {
  /** What is left out is as in `defaultPdfLimits`. */
  readonly limits?: Partial<PdfLimits>;
  /** The user's or the owner's; without it the empty one is tried. Never kept, never in an error. */
  readonly password?: string;
}

/** How a document is encrypted (ISO 32000-2, 7.6) and with whose rights it is open. */
export interface PdfEncryption {
  /** RC4 with the bits of its key; `none` where the crypt filters leave everything but attachments as it is. */
  readonly algorithm: `RC4-${number}` | 'AES-128' | 'AES-256' | 'none';
  /** `owner` has every permission. `empty`: the user password is empty, so that anyone can open the document. */
  readonly openedWith: 'user' | 'owner' | 'empty';
  readonly permissions: PdfPermissions;
}

/** What the owner permits (ISO 32000-2, table 22). */
export interface PdfPermissions {
  /** Bit 3. */
  readonly print: boolean;
  /** Bit 4: change the content by other means than the next ones. */
  readonly modify: boolean;
  /** Bit 5. */
  readonly copy: boolean;
  /** Bit 6: add annotations and, together with `modify`, create form fields. */
  readonly annotate: boolean;
  /** Bit 6 or 9: fill in existing form fields, signature fields among them. */
  readonly fillForms: boolean;
  /** Bit 4 or 11: insert, rotate and delete pages. */
  readonly assemble: boolean;
  /** Bit 3 with 12: print at full quality. */
  readonly printFaithfully: boolean;
}

/** In points (1/72 inch) from the lower left corner of the page as displayed: after /Rotate, CropBox and UserUnit. */
export interface Rectangle {
  readonly xPt: number;
  readonly yPt: number;
  readonly widthPt: number;
  readonly heightPt: number;
}

/** A page as a viewer shows it. */
export interface PdfPage {
  /** 0 is the first page. */
  readonly index: number;
  /** As displayed: after /Rotate, CropBox ∩ MediaBox, UserUnit. */
  readonly widthPt: number;
  readonly heightPt: number;
}

/** A signature value (ISO 32000-2, 12.8.1) in a field of the document. */
export interface PdfSignature {
  /** Fully qualified (ISO 32000-2, 12.7.4.2). */
  readonly fieldName: string;
  readonly kind: 'signature' | 'document-timestamp';
  readonly subFilter: string;
  readonly byteRange: readonly [number, number, number, number];
  /** The CMS DER, cut to the length that its outer SEQUENCE states. */
  readonly cmsDer: Uint8Array;
  /** Offsets of the `<` and just after the `>` of /Contents. */
  readonly contentsStart: number;
  readonly contentsEnd: number;
  /** /M: what the signer claims. */
  readonly signingTime?: Date;
  readonly reason?: string;
  readonly location?: string;
  readonly name?: string;
  /** P of a certification signature (ISO 32000-2, 12.8.2.2). */
  readonly docMdp?: 1 | 2 | 3;
  /** 1-based number of the revision in which the signature value was written, and where that revision ends. */
  readonly revision: number;
  readonly revisionEnd: number;
}

/** One increment of the file (ISO 32000-2, 7.5.6). */
export interface Revision {
  /** 1-based. */
  readonly number: number;
  /** Just after the `%%EOF` (and its EOL) of the revision. */
  readonly end: number;
  /** Object numbers that this revision defines or frees. */
  readonly objectNumbers: readonly number[];
}

/** The evidence in /DSS (ETSI EN 319 142-1, 5.4.2), each item DER. */
export interface DocumentSecurityStore {
  readonly certificates: Uint8Array[];
  readonly ocspResponses: Uint8Array[];
  readonly crls: Uint8Array[];
}

/** One way in which the revisions after a signature changed the document beyond what is permitted. */
export interface ModificationFinding {
  readonly code: string;
  readonly objectNumber?: number;
  readonly detail: string;
}

/** An appearance that is ready to be written: objects cached per image and font, geometry solved when it is placed. */
export interface AppearanceSpec {
  readonly imagePng?: Uint8Array;
  readonly lines: readonly string[];
  readonly fontSizePt: number;
}

/** Whether files with cross-reference data of both kinds (ISO 32000-2, 7.5.8.4) are signed: word processors write them. */
export type HybridPolicy = 'refuse' | 'sign';

/** What goes into one signature's increment. */
export interface PrepareOptions {
  /** Unique; an existing empty signature field of this name is filled. */
  readonly fieldName: string;
  /** Bytes reserved for the CMS. */
  readonly reservedBytes: number;
  readonly signingTime: Date;
  readonly name?: string;
  readonly reason?: string;
  readonly location?: string;
  /** Default `sign`. */
  readonly hybrid?: HybridPolicy;
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

/** An increment that waits for its CMS; it is to be written just behind the original's last byte. */
export interface Prepared {
  readonly increment: Uint8Array;
  readonly state: PreparedState;
}

/** The nine places of a page, inside the margins of the decree's annex. */
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
