import { CmsError, parseCertificate, type Certificate } from '@kyso/cms';
import { PdfDocument, PdfError, type DocumentSecurityStore } from '@kyso/pdf';
import { evidenceItem, type EvidenceItem } from './evidence-proof.js';
import type { RevocationSource, ValidationLimits } from './options.js';
import type { Finding } from './reasons.js';
import { sourceUntil } from './watched-source.js';

/** Revocation evidence, DER, of one origin. */
export interface Evidence {
  readonly source: 'dss' | 'online';
  readonly items: readonly EvidenceItem[];
}

const emptyStore: DocumentSecurityStore = { certificates: [], ocspResponses: [], crls: [] };

const itemsOf = (from: Awaited<ReturnType<RevocationSource['evidenceFor']>>): EvidenceItem[] => [
  ...from.ocspResponses.map((der) => evidenceItem('ocsp', der)),
  ...from.crls.map((der) => evidenceItem('crl', der)),
];

/**
 * The validation data at hand for one file: its DSS (ETSI EN 319 142-1, 5.4.2), and what the caller's source adds; with
 * the time since when each item of the DSS is known to exist (ETSI EN 319 102-1, 5.6.2.3: POE extraction).
 */
export class EvidenceStore {
  /** Certificates of the DSS; unreadable ones are left out: they can only be missed. */
  readonly certificates: readonly Certificate[];
  readonly dss: Evidence;
  private readonly provenAt = new Map<string, Date>();
  private readonly archived = new Set<string>();
  private readonly asked = new Map<string, Promise<Evidence>>();

  constructor(
    store: DocumentSecurityStore,
    private readonly online: RevocationSource | undefined,
  ) {
    this.certificates = store.certificates.flatMap(parseOrSkip);
    this.dss = { source: 'dss', items: itemsOf(store) };
  }

  /** Evidence for `chain` from the caller's source, asked once per leaf. */
  onlineFor(chain: readonly Certificate[]): Promise<Evidence> {
    const key = chain[0]?.sha256 ?? '';
    let answer = this.asked.get(key);
    if (!answer) {
      answer = this.ask(chain);
      this.asked.set(key, answer);
    }
    return answer;
  }

  /** A source that fails, although it should not throw, gives nothing: the verdict is then open and never invalid. */
  private async ask(chain: readonly Certificate[]): Promise<Evidence> {
    const nothing = { ocspResponses: [], crls: [] };
    const found = (await this.online?.evidenceFor(chain).catch(() => nothing)) ?? nothing;
    return { source: 'online', items: itemsOf(found) };
  }

  /**
   * Takes in that a trusted document time-stamp covers the DSS as it was at `revisionEnd`. Called from the newest
   * time-stamp to the oldest, so that the earliest proof stays. `proven` false: it counts for the level only.
   */
  async archive(
    document: PdfDocument,
    timestamp: { revisionEnd: number; genTime: Date; proven: boolean },
  ): Promise<void> {
    const { source } = document;
    const isLast = timestamp.revisionEnd >= source.size;
    const covered = isLast ? this.dss.items : itemsOf(await storeOf(source, timestamp.revisionEnd));
    for (const { key } of covered) {
      this.archived.add(key);
      if (timestamp.proven) this.provenAt.set(key, timestamp.genTime);
    }
  }

  /** Since when the item is known to exist; undefined: only now. */
  existedAt({ key }: EvidenceItem): Date | undefined {
    return this.provenAt.get(key);
  }

  /** Under a trusted document time-stamp. */
  isArchived({ key }: EvidenceItem): boolean {
    return this.archived.has(key);
  }
}

/** Reads the DSS within the limits; a DSS that is unreadable or too large counts as absent, with a warning. */
export async function readSecurityStore(
  document: PdfDocument,
  limits: ValidationLimits,
): Promise<{ store: DocumentSecurityStore; warnings: Finding[] }> {
  try {
    const store = await document.securityStore();
    const items = [...store.certificates, ...store.ocspResponses, ...store.crls];
    const bytes = items.reduce((sum, item) => sum + item.length, 0);
    if (items.length > limits.maxSecurityStoreItems || bytes > limits.maxSecurityStoreBytes) {
      return { store: emptyStore, warnings: [{ code: 'SECURITY_STORE_LIMIT', detail: `${items.length}, ${bytes} B` }] };
    }
    return { store, warnings: [] };
  } catch (error) {
    if (!(error instanceof PdfError)) throw error;
    return { store: emptyStore, warnings: [{ code: 'SECURITY_STORE_UNREADABLE', detail: error.message }] };
  }
}

async function storeOf(source: PdfDocument['source'], end: number): Promise<DocumentSecurityStore> {
  try {
    const earlier = await PdfDocument.open(sourceUntil(source, end), { repair: 'refuse' });
    return await earlier.securityStore();
  } catch (error) {
    if (!(error instanceof PdfError)) throw error;
    return emptyStore;
  }
}

function parseOrSkip(der: Uint8Array): Certificate[] {
  try {
    return [parseCertificate(der)];
  } catch (error) {
    if (!(error instanceof CmsError)) throw error;
    return [];
  }
}
