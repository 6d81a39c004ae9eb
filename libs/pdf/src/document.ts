import type { ByteSource } from './byte-source.js';
import { PdfError } from './errors.js';
import { PageTree, displayedPage } from './reader/pages.js';
import { readOpenFields } from './reader/open-fields.js';
import { assertAnySignaturePossible, chooseField, readSigningPermissions } from './reader/permissions.js';
import { readRevisions } from './reader/revisions.js';
import { readSecurityStore } from './reader/security-store.js';
import { readSignatureFields } from './reader/signature-fields.js';
import { readSignatures } from './reader/signatures.js';
import { assertHybridPolicy, readStructure, type Structure } from './reader/structure.js';
import { repairStructure } from './repair/repair.js';
import type {
  DocumentSecurityStore,
  HybridPolicy,
  OpenFields,
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
    private current: Structure,
    /** Without the password, which is not kept: a repair takes over the keys that it opened. */
    private readonly options: Omit<OpenOptions, 'password'>,
    /** One repair for each document, whatever came of it. */
    private wasRepairTried: boolean,
  ) {}

  /** For the modules of this package only. */
  get structure(): Structure {
    return this.current;
  }

  /** Why the file is not read as it stands (in English); undefined for a sound one, and as long as it seems sound. */
  get repaired(): { readonly reason: string } | undefined {
    const { repair, ends } = this.current;
    if (repair === undefined && ends.hasBrokenUpdate) {
      return { reason: 'expected nothing behind the last %%EOF, found an update that was cut off: it is left out' };
    }
    return repair && { reason: repair.reason };
  }

  /**
   * Opens lazily: reads header, tail and cross-reference data only. Throws PdfError EMPTY, NOT_A_PDF, DAMAGED,
   * PASSWORD_NEEDED, ENCRYPTED or LIMIT_EXCEEDED. Without a password the empty one is tried.
   */
  static async open(source: ByteSource, options: OpenOptions = {}): Promise<PdfDocument> {
    const { password, ...kept } = options;
    try {
      return new PdfDocument(source, await readStructure(source, options), kept, false);
    } catch (error) {
      if (!mayRepair(error, options)) {
        throw error;
      }
      return new PdfDocument(
        source,
        await repairStructure(source, error, { ...kept, access: { password } }),
        kept,
        true,
      );
    }
  }

  /**
   * Runs `read`; where the file turns out to be damaged, it is repaired and `read` runs again on what the scan found. For
   * the modules of this package only.
   */
  async repairing<T>(read: (structure: Structure) => Promise<T>): Promise<T> {
    const before = this.current;
    before.meter.begin();
    try {
      return await read(before);
    } catch (error) {
      if (this.wasRepairTried || !mayRepair(error, this.options)) {
        throw error;
      }
      this.wasRepairTried = true;
      const access = { securityHandler: before.view.windows.securityHandler };
      const repaired = await repairStructure(this.source, error, { ...this.options, access });
      return await this.readAgain(read, repaired);
    }
  }

  /** What a scan doesn't put right is no reason to prefer what it found. */
  private async readAgain<T>(read: (structure: Structure) => Promise<T>, repaired: Structure): Promise<T> {
    const damaged = this.current;
    this.current = repaired;
    try {
      return await read(repaired);
    } catch (error) {
      if (mayRepair(error, this.options)) {
        this.current = damaged;
      }
      throw error;
    }
  }

  /** How the document is encrypted, and what its owner permits; undefined where it isn't. */
  get encryption(): PdfEncryption | undefined {
    return this.structure.view.windows.securityHandler?.description;
  }

  /** Throws PdfError NO_PAGES. */
  pageCount(): Promise<number> {
    return this.repairing(({ view }) => new PageTree(view).count());
  }

  /** `index` from 0. Throws PdfError PAGE_UNKNOWN. */
  async page(index: number): Promise<PdfPage> {
    const { geometry } = await this.repairing(({ view }) => new PageTree(view).page(index));
    return displayedPage(index, geometry);
  }

  /** In the order of their revisions. */
  async signatures(): Promise<PdfSignature[]> {
    return (await this.repairing(readSignatures)).map(({ signature }) => signature);
  }

  /**
   * All signature fields, signed or empty, with locks and seed values, in the order of the form. Throws PdfError DAMAGED,
   * HYBRID, NO_PAGES or LIMIT_EXCEEDED.
   */
  async signatureFields(): Promise<SignatureField[]> {
    return this.repairing(readSignatureFields);
  }

  /** The empty fields that the next signer may fill. Throws what `assertSignable` throws but HYBRID. */
  openFields(): Promise<OpenFields> {
    return this.repairing(readOpenFields);
  }

  /**
   * The field that a signature goes into: `field` if it is named, which must be empty; else a new one, `newName`; else, where
   * a certification, a lock or the owner forbids new fields, the only empty field that may be filled. Throws PdfError
   * FIELD_UNUSABLE, CERTIFIED, OWNER_FORBIDS, and what `assertSignable` throws but HYBRID.
   */
  async fieldForSignature(wanted: { readonly field?: string | undefined; readonly newName: string }): Promise<string> {
    this.structure.meter.begin();
    return chooseField(await readSigningPermissions(this.structure), wanted);
  }

  /** From the oldest to the newest. */
  revisions(): Promise<Revision[]> {
    return this.repairing(readRevisions);
  }

  /** Empty lists where the document has no /DSS. */
  securityStore(): Promise<DocumentSecurityStore> {
    return this.repairing(({ view }) => readSecurityStore(view));
  }

  /**
   * Refuses a document that can't take another signature: without pages, damaged, certified against it, encrypted by an
   * owner who forbids it, or hybrid where the policy (default `sign`) refuses that. Throws PdfError.
   */
  async assertSignable(policy: { readonly hybrid?: HybridPolicy } = {}): Promise<void> {
    await this.repairing(async (structure) => {
      assertHybridPolicy(structure, policy.hybrid);
      assertAnySignaturePossible(await readSigningPermissions(structure));
    });
  }
}

/** True for what a scan of the file can put right. */
function mayRepair(error: unknown, options: Pick<OpenOptions, 'repair'>): error is PdfError {
  return (
    options.repair !== 'refuse' && error instanceof PdfError && (error.code === 'DAMAGED' || error.code === 'NO_PAGES')
  );
}
