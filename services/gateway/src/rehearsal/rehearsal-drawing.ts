import type { Certificate } from '@kyso/cms';
import { objectKeys, SigningError, type DryRun, type StoredStep } from '@kyso/contracts';
import { bufferSource, completeSignature, concatSource, PdfDocument, type ByteSource } from '@kyso/pdf';
import { renderPage } from '@kyso/pdf/render';
import { fieldOfStep, prepareStep, signingBase, type ImageSource } from '@kyso/preparation';
import { openObjectSource, type ObjectStore } from '@kyso/storage';
import { refusing } from '../documents/pdf-refusal.js';
import { Turns } from '../turns.js';

/** A step that is drawn as if it had been signed. */
export interface RehearsedStep {
  readonly step: StoredStep;
  readonly certificate: Certificate;
  /** From the certificate to the root, as far as it is known. */
  readonly chain: readonly Certificate[];
}

export interface DrawingLimits {
  /** Processes that draw at a time; each may take most of a gigabyte. */
  readonly maxConcurrentDrawings: number;
  /** Milliseconds that drawing one page may take. */
  readonly drawingTimeoutMs: number;
}

/** For people to look at, on a screen. */
const dpi = 100;
/** Each is a picture of some hundred kilobytes. */
const maxPages = 8;
/** A CMS that says nothing: SEQUENCE without members. */
const emptyCmsDer = Uint8Array.of(0x30, 0);
/** Room for it; what is drawn does not depend on it. */
const reservedBytes = 64;

/** Draws the pages of a document as its steps will leave them, without a key: the same increments, their placeholders empty. */
export class RehearsalDrawing {
  private readonly turns: Turns;

  constructor(
    private readonly store: ObjectStore,
    private readonly limits: DrawingLimits,
  ) {
    const { maxConcurrentDrawings: atATime, drawingTimeoutMs: maxWaitMs } = limits;
    this.turns = new Turns({ atATime, maxWaitMs, what: 'drawings' });
  }

  /** The pages on which something is drawn, in their order. Throws PDF_…, TEXT_NOT_DRAWABLE, RATE_LIMITED, STORE_…. */
  async pages(
    document: { readonly documentId: string; readonly version: number },
    steps: readonly RehearsedStep[],
    images: ImageSource,
  ): Promise<DryRun['pages']> {
    const key = objectKeys.version(document.documentId, document.version);
    const source = await openObjectSource(this.store, key);
    if (source === undefined) throw new SigningError('VERSION_UNKNOWN', { expected: key, found: 'nothing' });
    try {
      const { drawn, pageIndexes } = await refusing(() => this.sign(source, steps, images));
      const pages: DryRun['pages'] = [];
      for (const pageIndex of pageIndexes.slice(0, maxPages)) {
        pages.push({
          page: pageIndex + 1,
          pngBase64: Buffer.from(await this.page(drawn, pageIndex)).toString('base64'),
        });
      }
      return pages;
    } finally {
      await source.close();
    }
  }

  /** One page as a PNG. Throws PDF_…, RATE_LIMITED. */
  page(source: ByteSource, pageIndex: number): Promise<Uint8Array> {
    const isolation = { deadlineMs: this.limits.drawingTimeoutMs };
    return this.turns.take(() => refusing(() => renderPage(source, { pageIndex, dpi }, { isolation })));
  }

  private async sign(
    original: ByteSource,
    steps: readonly RehearsedStep[],
    images: ImageSource,
  ): Promise<{ readonly drawn: ByteSource; readonly pageIndexes: number[] }> {
    let drawn = original;
    for (const [index, { step, certificate, chain }] of steps.entries()) {
      const base = await signingBase(await PdfDocument.open(drawn), drawn, step);
      const fieldName = await fieldOfStep(base.document, step, `Signature-dry-run-${index}`);
      const intent = {
        fieldName,
        signingTime: new Date().toISOString(),
        reservedBytes,
        digestAlgorithm: 'sha256' as const,
      };
      const prepared = await prepareStep({ document: base.document, step, intent, certificate, chain, images });
      drawn = concatSource(base.source, bufferSource(completeSignature(prepared, emptyCmsDer)));
    }
    const document = await PdfDocument.open(drawn);
    return { drawn, pageIndexes: await drawnPages(document, steps) };
  }
}

/** Where the steps draw: their fields, and their texts in fields that were there or beside them. */
async function drawnPages(document: PdfDocument, steps: readonly RehearsedStep[]): Promise<number[]> {
  const last = (await document.pageCount()) - 1;
  const placements = steps.flatMap(({ step: { placement, texts = [] } }) => [
    placement,
    ...texts.map((text) => text.placement),
  ]);
  const named = placements.flatMap((one) => (one === undefined ? [] : [one.page === 'last' ? last : one.page - 1]));
  const wanted = new Set(steps.flatMap(({ step }) => step.field ?? []));
  const fields = wanted.size === 0 ? [] : await document.signatureFields();
  const filled = fields.flatMap(({ name, place }) =>
    wanted.has(name) && place !== undefined ? [place.pageIndex] : [],
  );
  return [...new Set([...named, ...filled])].sort((a, b) => a - b);
}
