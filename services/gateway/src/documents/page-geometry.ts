import { objectKeys, SigningError, type Repaired, type ScreeningFinding } from '@kyso/contracts';
import { PdfDocument, screenPdf, type ByteSource, type PdfPage } from '@kyso/pdf';
import { openObjectSource, type ObjectStore } from '@kyso/storage';
import { ExpiringCache } from '../cache/expiring-cache.js';
import { refusing } from './pdf-refusal.js';

/** What is learnt from a file at upload, so that no job has to open it again. */
export interface PdfFacts {
  readonly pageCount: number;
  /** The first and the last page: where signatures stand. */
  readonly pages: readonly PdfPage[];
  /** Of every kind: the policy of the client that asks for a signature judges them. */
  readonly findings: readonly ScreeningFinding[];
  /** Undefined for a sound file. */
  readonly repaired?: Repaired | undefined;
}

/** Refuses what cannot be signed at all (each with its own PDF_… code); reads a few objects only. */
export async function inspectPdf(
  source: ByteSource,
  limits: { readonly maxScreenedObjects: number },
): Promise<PdfFacts> {
  return refusing(async () => {
    const document = await PdfDocument.open(source, { limits });
    await document.assertSignable();
    const pageCount = await document.pageCount();
    const first = await document.page(0);
    const pages = pageCount === 1 ? [first] : [first, await document.page(pageCount - 1)];
    return { pageCount, pages, findings: await screenPdf(document), repaired: document.repaired };
  });
}

/** Sizes of pages as displayed. Signing changes no page, so those of version 0 hold for every later one. */
export class PageGeometry {
  private readonly pages = new ExpiringCache<PdfPage>({ maxEntries: 50_000, maxAgeMs: Infinity });

  constructor(private readonly store: ObjectStore) {}

  remember(documentId: string, facts: PdfFacts): void {
    for (const page of facts.pages) this.pages.set(`${documentId}/${page.index}`, page);
  }

  /** `index` counts from 0 and is within the document. Throws PDF_… codes, STORE_UNAVAILABLE. */
  async page(documentId: string, index: number): Promise<PdfPage> {
    return this.pages.getOrLoad(`${documentId}/${index}`, async () => {
      const source = await openObjectSource(this.store, objectKeys.version(documentId, 0));
      if (source === undefined) throw new SigningError('DOCUMENT_UNKNOWN', { found: documentId });
      try {
        return await refusing(async () => (await PdfDocument.open(source)).page(index));
      } finally {
        await source.close();
      }
    });
  }
}
