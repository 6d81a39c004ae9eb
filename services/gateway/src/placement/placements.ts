import type { Certificate } from '@kyso/cms';
import {
  objectKeys,
  SigningError,
  type AnchorPlacement,
  type CoveringPlacement,
  type DocumentRecord,
  type FixedPlacement,
  type Placement,
} from '@kyso/contracts';
import { assertOnPage, PdfDocument, type Rectangle } from '@kyso/pdf';
import type { TextPlace, TextQuery } from '@kyso/pdf/text';
import { rectangleOn } from '@kyso/preparation';
import { openObjectSource, type ObjectStore } from '@kyso/storage';
import { fillNames } from '../credentials/certificate-names.js';
import type { PageGeometry } from '../documents/page-geometry.js';
import { refusing } from '../documents/pdf-refusal.js';
import { besideText, overLeftThird } from './beside.js';
import { SoughtTexts, type TextSearch } from './text-search.js';

/** What a placement is looked up in. */
export interface PlacementContext {
  readonly document: DocumentRecord;
  /** The version that the job begins with. */
  readonly version: number;
  /** Of the one who signs. */
  readonly certificate: Certificate;
  /** The earlier steps of the job: where each stands, undefined for one that has no placement. */
  readonly earlier: readonly (FixedPlacement | undefined)[];
  /** Of the whole request. */
  readonly texts: SoughtTexts;
}

/** A rectangle on a page, counted from 0. */
interface Spot {
  readonly pageIndex: number;
  readonly rectangle: Rectangle;
}

/** Finds out where a signature is to stand, before its job is accepted: what is stored with the job needs no search. */
export class Placements {
  constructor(
    private readonly parts: {
      readonly store: ObjectStore;
      readonly geometry: PageGeometry;
      readonly search: TextSearch;
    },
  ) {}

  /** The texts of one request; `gather` gives what `textsOf` has for each placement that the request may use. */
  soughtTexts(documentId: string, gather: () => Promise<readonly TextQuery[]>): SoughtTexts {
    return new SoughtTexts(this.parts.search, documentId, gather);
  }

  /** Throws PAGE_UNKNOWN, RECTANGLE_OFF_PAGE, ANCHOR_NOT_FOUND, REQUEST_INVALID, PDF_LIMIT_EXCEEDED, RATE_LIMITED, STORE_…. */
  async resolve(placement: Placement, context: PlacementContext): Promise<FixedPlacement> {
    const fixed = 'page' in placement ? placement : await this.lookUp(placement, context);
    await this.assertOnPage(fixed, context.document);
    return fixed;
  }

  private async lookUp(
    placement: AnchorPlacement | CoveringPlacement,
    context: PlacementContext,
  ): Promise<FixedPlacement> {
    if ('anchor' in placement) return this.atAnchor(placement, context);
    const { pageIndex, rectangle } = await this.signatureSpot(placement.covering, context);
    const page = await this.parts.geometry.page(context.document.documentId, pageIndex);
    return { page: pageIndex + 1, rectangle: overLeftThird(page, rectangle, placement) };
  }

  private async atAnchor(placement: AnchorPlacement, context: PlacementContext): Promise<FixedPlacement> {
    const { document } = context;
    const { occurrence } = placement.anchor;
    const { text, upper } = anchorTexts(placement, context);
    const [places = [], uppers = []] = await context.texts.places(textsOf(placement, context));
    const candidates = places
      .map((place) => ({ place, above: nearestAbove(place, uppers) }))
      .filter(({ above }) => upper === undefined || above !== undefined);
    const chosen = candidates.at(occurrence === 'first' ? 0 : -1);
    if (chosen === undefined) {
      if (placement.otherwise !== undefined) return placement.otherwise;
      const expected =
        upper === undefined
          ? JSON.stringify(text.text)
          : `${JSON.stringify(upper.text)} above ${JSON.stringify(text.text)}`;
      throw new SigningError('ANCHOR_NOT_FOUND', {
        expected: `${expected} in the text of the document`,
        found: 'nothing',
      });
    }
    const { place, above } = chosen;
    const geometry = await this.parts.geometry.page(document.documentId, place.pageIndex);
    const rectangle = besideText(geometry, { text: place.rectangle, above: above?.rectangle }, placement);
    return { page: place.pageIndex + 1, rectangle };
  }

  /** Where the signature stands that is to be covered. */
  private async signatureSpot(covering: CoveringPlacement['covering'], context: PlacementContext): Promise<Spot> {
    const { document, earlier } = context;
    if (covering !== 'latest' && 'step' in covering) return this.spotOfStep(covering.step, context);
    const latestStep = earlier.findLastIndex((placed) => placed !== undefined);
    if (covering === 'latest' && latestStep >= 0) return this.spotOfStep(latestStep, context);
    const wanted = covering === 'latest' ? undefined : covering.field;
    const signed = await this.signedSpots(document.documentId, context.version);
    const spot = wanted === undefined ? signed.at(-1) : signed.find(({ field }) => field === wanted);
    if (spot === undefined) {
      throw new SigningError('ANCHOR_NOT_FOUND', {
        expected:
          wanted === undefined ? 'a visible signature' : `a visible signature in the field ${JSON.stringify(wanted)}`,
        found: signed.length === 0 ? 'none' : signed.map(({ field }) => field).join(', '),
      });
    }
    return spot;
  }

  private async spotOfStep(index: number, { document, earlier }: PlacementContext): Promise<Spot> {
    const placed = earlier[index];
    if (placed === undefined) {
      throw new SigningError('ANCHOR_NOT_FOUND', {
        expected: 'an earlier step of this job with a placement',
        found: index < earlier.length ? `step ${index}, which has none` : `step ${index}`,
      });
    }
    const pageIndex = pageNumber(placed.page, document) - 1;
    const page = await this.parts.geometry.page(document.documentId, pageIndex);
    return { pageIndex, rectangle: rectangleOn(page, placed) };
  }

  /** In the order in which they were made. */
  private async signedSpots(documentId: string, version: number): Promise<readonly (Spot & { field: string })[]> {
    const key = objectKeys.version(documentId, version);
    const source = await openObjectSource(this.parts.store, key);
    if (source === undefined) throw new SigningError('VERSION_UNKNOWN', { expected: key, found: 'nothing' });
    try {
      return await refusing(async () => {
        const document = await PdfDocument.open(source);
        const fields = new Map((await document.signatureFields()).map((field) => [field.name, field]));
        return (await document.signatures()).flatMap(({ fieldName }) => {
          const place = fields.get(fieldName)?.place;
          return place === undefined ? [] : [{ field: fieldName, ...place }];
        });
      });
    } finally {
      await source.close();
    }
  }

  private async assertOnPage(placement: FixedPlacement, document: DocumentRecord): Promise<void> {
    const page = await this.parts.geometry.page(document.documentId, pageNumber(placement.page, document) - 1);
    await refusing(async () => assertOnPage(page, rectangleOn(page, placement)));
  }
}

/** The texts that have to be found for a placement. Throws REQUEST_INVALID, PAGE_UNKNOWN. */
export function textsOf(placement: Placement, on: Pick<PlacementContext, 'document' | 'certificate'>): TextQuery[] {
  if (!('anchor' in placement)) return [];
  const { text, upper } = anchorTexts(placement, on);
  return upper === undefined ? [text] : [text, upper];
}

/** `upper` stands above the text, as a title above a name. Throws REQUEST_INVALID, PAGE_UNKNOWN. */
function anchorTexts(
  { anchor: { text, below, page } }: AnchorPlacement,
  { document, certificate }: Pick<PlacementContext, 'document' | 'certificate'>,
): { readonly text: TextQuery; readonly upper?: TextQuery } {
  const index = page === undefined ? undefined : pageNumber(page, document) - 1;
  const query = (words: string): TextQuery => ({
    text: fillNames(words, certificate),
    ...(index === undefined ? {} : { pages: { first: index, last: index } }),
  });
  return { text: query(text), ...(below === undefined ? {} : { upper: query(below) }) };
}

/** Throws PAGE_UNKNOWN. */
function pageNumber(page: FixedPlacement['page'], { pageCount }: DocumentRecord): number {
  const number = page === 'last' ? pageCount : page;
  if (number <= pageCount) return number;
  throw new SigningError('PAGE_UNKNOWN', { expected: `a page from 1 to ${pageCount}`, found: `page ${number}` });
}

/** The lowest of the texts that stand wholly above the place, on its page, in the same column. */
function nearestAbove(place: TextPlace, uppers: readonly TextPlace[]): TextPlace | undefined {
  const { xPt, yPt, widthPt, heightPt } = place.rectangle;
  const above = uppers.filter(({ pageIndex, rectangle }) => {
    const isInColumn = rectangle.xPt < xPt + widthPt && xPt < rectangle.xPt + rectangle.widthPt;
    return pageIndex === place.pageIndex && isInColumn && rectangle.yPt >= yPt + heightPt;
  });
  return above.toSorted((a, b) => a.rectangle.yPt - b.rectangle.yPt)[0];
}
