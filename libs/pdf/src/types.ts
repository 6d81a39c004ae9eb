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
  /** Size of a damaged file that is scanned, as often as twice. */
  readonly maxRepairBytes: number;
  /** Definitions of objects that a scan may find: against files that are nothing but `1 0 obj`. */
  readonly maxRepairObjects: number;
  /** Bytes that all object streams of a damaged file may inflate to together. */
  readonly maxRepairInflatedBytes: number;
  /** Milliseconds that the scan of a damaged file may take, once for each document. */
  readonly repairDeadlineMs: number;
}

/** How a document is to be opened. */
export interface OpenOptions {
  /** What is left out is as in `defaultPdfLimits`. */
  readonly limits?: Partial<PdfLimits>;
  /** The user's or the owner's; without it the empty one is tried. Never kept, never in an error. */
  readonly password?: string;
  /**
   * Default `allow`: a damaged file is read by scanning it, unless it is signed. `refuse` is for whoever judges signatures:
   * a repaired reading would be a second opinion on what was signed.
   */
  readonly repair?: 'allow' | 'refuse';
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

/** 1: no change at all; 2: forms are filled in and signed; 3: annotations besides (ISO 32000-2, 12.8.2.2, table 257). */
export type MdpPermission = 1 | 2 | 3;

/**
 * What a signature field locks when it is signed (ISO 32000-2, 12.7.5.5, table 236). Names are fully qualified; the name of
 * a parent stands for all fields below it. `permission` restricts the whole document from then on.
 */
export type FieldLock =
  | { readonly action: 'All'; readonly permission?: MdpPermission }
  | {
      readonly action: 'Include' | 'Exclude';
      readonly fields: readonly string[];
      readonly permission?: MdpPermission;
    };

/** A constraint of a seed value dictionary; `required` is its bit in /Ff. */
export interface Seed<T> {
  readonly value: T;
  readonly required: boolean;
}

/** What the author of a signature field asks of its signature (ISO 32000-2, 12.7.5.5, tables 237 and 238). */
export interface SeedValues {
  /** /V: the version of the handler that understands everything here. */
  readonly version?: Seed<number>;
  readonly filter?: Seed<string>;
  readonly subFilters?: Seed<readonly string[]>;
  /** Names as in the file: SHA256, SHA384 … */
  readonly digestMethods?: Seed<readonly string[]>;
  /** Required and empty, or only a full stop: there must be no reason. */
  readonly reasons?: Seed<readonly string[]>;
  readonly legalAttestations?: Seed<readonly string[]>;
  readonly addRevocationInfo?: Seed<boolean>;
  readonly lockDocument?: Seed<'true' | 'false' | 'auto'>;
  readonly appearanceFilter?: Seed<string>;
  /** 0: an ordinary signature; 1 to 3: a certification with that permission. Always required. */
  readonly mdp?: number;
  readonly timestamp?: { readonly url?: string; readonly required: boolean };
  readonly certificate?: {
    /** Keys of /Cert that must be obeyed, as in the file. */
    readonly required: readonly string[];
    /** DER of the certificates of /Subject and /Issuer. */
    readonly subjects: readonly Uint8Array[];
    readonly issuers: readonly Uint8Array[];
  };
  /** Bits of /Ff (1-based positions) that ISO 32000-2 doesn't define. */
  readonly unknownRequirements: readonly number[];
}

/** A signature field of the document, signed or empty. */
export interface SignatureField {
  /** Fully qualified (ISO 32000-2, 12.7.4.2). */
  readonly name: string;
  readonly state: 'empty' | 'signed';
  /** Where the first of its widgets that has an area stands; absent for an invisible field. */
  readonly place?: { readonly pageIndex: number; readonly rectangle: Rectangle };
  readonly widgetCount: number;
  readonly lock?: FieldLock;
  readonly seedValues?: SeedValues;
  /** Why an empty field can't be signed; absent when it can, as far as that doesn't depend on the signer. */
  readonly refusal?: { readonly code: string; readonly expected: string; readonly found: string };
}

/** Fields that are empty and that certification, locks and the owner let a signer fill, by their fully qualified names. */
export interface OpenFields {
  /** True when a field of the document holds a signature or a document time-stamp. */
  readonly isSigned: boolean;
  readonly signatureFields: ReadonlySet<string>;
  readonly textFields: ReadonlySet<string>;
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
  readonly docMdp?: MdpPermission;
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
export interface AppearanceSpec extends TextStyle {
  readonly imagePng?: Uint8Array;
  readonly lines: readonly string[];
  readonly fontSizePt: number;
}

/** How lines are drawn. */
export interface TextStyle {
  /** sRGB, `RRGGBB`; default black. */
  readonly color?: string | undefined;
  /** Default `upright`. */
  readonly fontStyle?: FontStyle | undefined;
  /** Default: left, and centred beneath an image. */
  readonly align?: TextAlign | undefined;
}
export type FontStyle = 'upright' | 'italic';
export type TextAlign = 'left' | 'center' | 'right';

/** A text that the signer's increment writes on a page, such as number and date beside a seal. */
export interface TextMark {
  /** 0 is the first page. */
  readonly pageIndex: number;
  readonly rectangle: Rectangle;
  readonly appearance: Omit<AppearanceSpec, 'imagePng'>;
}

/** Whether files with cross-reference data of both kinds (ISO 32000-2, 7.5.8.4) are signed: word processors write them. */
export type HybridPolicy = 'refuse' | 'sign';

/** What seed values are held against; a required one that needs something that isn't stated here is refused. */
export interface SignerFacts {
  readonly digestAlgorithm?: 'sha256' | 'sha384' | 'sha512';
  /** True when the CMS will hold a signature time-stamp. */
  readonly timestamped?: boolean;
  readonly certificateDer?: Uint8Array;
  /** From the signer's issuer to the root. */
  readonly issuersDer?: readonly Uint8Array[];
}

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
  /**
   * Absent: invisible, on the first page, /Rect [0 0 0 0]. Page and rectangle are needed for a new field; an existing one
   * is drawn where its author put it.
   */
  readonly visible?: {
    readonly pageIndex?: number;
    readonly rectangle?: Rectangle;
    readonly appearance: AppearanceSpec;
  };
  /** Certifies (ISO 32000-2, 12.8.2.2): only as the first signature of the document. */
  readonly certify?: MdpPermission;
  /** Values of existing text fields, written and drawn in the same increment. */
  readonly fill?: readonly { readonly fieldName: string; readonly value: string }[];
  /** Texts that are drawn where the document has no field for them. */
  readonly texts?: readonly TextMark[];
  readonly signer?: SignerFacts;
}

/** Fields that are created before the first signature, so that every later signer only fills. */
export interface FieldPlan {
  readonly signatureFields?: readonly {
    /** A partial name: not empty, no full stop, not taken. */
    readonly name: string;
    /** Absent: invisible, on the first page. */
    readonly place?: { readonly pageIndex: number; readonly rectangle: Rectangle };
    readonly lock?: FieldLock;
  }[];
  readonly textFields?: readonly (TextStyle & {
    readonly name: string;
    readonly place: { readonly pageIndex: number; readonly rectangle: Rectangle };
    /** From 4 to 72. */
    readonly fontSizePt: number;
    readonly multiline?: boolean | undefined;
    /** In characters. */
    readonly maxLength?: number;
  })[];
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
