import type { ByteSource } from './byte-source.js';
import { PageTree, displayedPage } from './reader/pages.js';
import { assertAnySignaturePossible, readSigningPermissions } from './reader/permissions.js';
import { readRevisions } from './reader/revisions.js';
import { readSecurityStore } from './reader/security-store.js';
import { readSignatureFields } from './reader/signature-fields.js';
import { readSignatures } from './reader/signatures.js';
import { assertHybridPolicy, readStructure, type Structure } from './reader/structure.js';
import type {
  DocumentSecurityStore,
  HybridPolicy,
  OpenOptions,
  PdfEncryption,
  PdfPage,
  PdfSignature,
  Revision,
  SignatureField,
} from './types.js';

/** A PDF that is read where it is needed and never changed. */
export class PdfDocument {
  private constructor(
    readonly source: ByteSource,
    /** For the modules of this package only. */
    readonly structure: Structure,
  ) {}

  /**
   * Opens lazily: reads header, tail and cross-reference data only. Throws PdfError EMPTY, NOT_A_PDF, DAMAGED,
   * PASSWORD_NEEDED, ENCRYPTED or LIMIT_EXCEEDED. Without a password the empty one is tried.
   */
  static async open(source: ByteSource, options: OpenOptions = {}): Promise<PdfDocument> {
    return new PdfDocument(source, await readStructure(source, options));
  }

  /** How the document is encrypted, and what its owner permits; undefined where it isn't. */
  get encryption(): PdfEncryption | undefined {
    return this.structure.view.windows.securityHandler?.description;
  }

  /** Throws PdfError NO_PAGES. */
  pageCount(): Promise<number> {
    this.structure.meter.begin();
    return new PageTree(this.structure.view).count();
  }

  /** `index` from 0. Throws PdfError PAGE_UNKNOWN. */
  async page(index: number): Promise<PdfPage> {
    this.structure.meter.begin();
    const { geometry } = await new PageTree(this.structure.view).page(index);
    return displayedPage(index, geometry);
  }

  /** In the order of their revisions. */
  async signatures(): Promise<PdfSignature[]> {
    this.structure.meter.begin();
    return (await readSignatures(this.structure)).map(({ signature }) => signature);
  }

  /**
   * All signature fields, signed or empty, with locks and seed values, in the order of the form. Throws PdfError DAMAGED,
   * HYBRID, NO_PAGES or LIMIT_EXCEEDED.
   */
  async signatureFields(): Promise<SignatureField[]> {
    this.structure.meter.begin();
    return readSignatureFields(this.structure);
  }

  /** From the oldest to the newest. */
  revisions(): Promise<Revision[]> {
    this.structure.meter.begin();
    return readRevisions(this.structure);
  }

  /** Empty lists where the document has no /DSS. */
  securityStore(): Promise<DocumentSecurityStore> {
    this.structure.meter.begin();
    return readSecurityStore(this.structure.view);
  }

  /**
   * Refuses a document that can't take another signature: without pages, damaged, certified against it, encrypted by an
   * owner who forbids it, or hybrid where the policy (default `sign`) refuses that. Throws PdfError.
   */
  async assertSignable(policy: { readonly hybrid?: HybridPolicy } = {}): Promise<void> {
    this.structure.meter.begin();
    assertHybridPolicy(this.structure, policy.hybrid);
    assertAnySignaturePossible(await readSigningPermissions(this.structure));
  }
}
