import { PdfError } from '../errors.js';
import { limitExceeded } from '../limits.js';
import { damaged } from '../syntax/parser.js';
import { Dictionary, isName, PdfArray, type PdfValue, Reference } from '../syntax/values.js';
import type { PdfPage } from '../types.js';
import { dictionaryOf, type IndirectObject } from './indirect-object.js';
import type { ObjectView } from './objects.js';
import { readCatalog } from './structure.js';

export type Rotation = 0 | 90 | 180 | 270;

/** A page with what is needed to place something on it. */
export interface PageObject {
  readonly object: IndirectObject;
  readonly dictionary: Dictionary;
  readonly geometry: PageGeometry;
}

/** CropBox ∩ MediaBox in default user space, its origin not always 0. */
export interface PageGeometry {
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
  readonly top: number;
  readonly rotate: Rotation;
  /** Points per unit of user space. */
  readonly userUnit: number;
}

/** Attributes that a page inherits (ISO 32000-2, 7.7.3.4), nearest first. */
type Ancestors = readonly Dictionary[];

/** The page's size as it is displayed. */
export function displayedPage(index: number, geometry: PageGeometry): PdfPage {
  const { left, bottom, right, top, rotate, userUnit } = geometry;
  const widthPt = (right - left) * userUnit;
  const heightPt = (top - bottom) * userUnit;
  return rotate % 180 === 0 ? { index, widthPt, heightPt } : { index, widthPt: heightPt, heightPt: widthPt };
}

/** The page tree of one view (ISO 32000-2, 7.7.3); visits only the nodes on the way to the page. */
export class PageTree {
  constructor(private readonly view: ObjectView) {}

  /** Trusts a /Count whose first and last page exist; counts one by one otherwise. Throws PdfError NO_PAGES. */
  async count(): Promise<number> {
    const root = await this.root();
    const { maxPages } = this.view.windows.limits;
    const stated = await this.statedCount(root);
    if (stated !== undefined && stated > 0 && stated <= maxPages) {
      const ends = [await this.find(root, 0), await this.find(root, stated - 1)];
      if (ends.every((page) => page !== undefined)) {
        return stated;
      }
    }
    const counted = await this.countLeaves(root, 0);
    if (counted === 0) {
      throw new PdfError('NO_PAGES', 'at least one page', 'none');
    }
    return counted;
  }

  /** Throws PdfError PAGE_UNKNOWN, or NO_PAGES when there is none at all. */
  async page(index: number): Promise<PageObject> {
    const root = await this.root();
    const found = Number.isInteger(index) && index >= 0 ? await this.find(root, index) : undefined;
    if (found === undefined) {
      const count = await this.count();
      throw new PdfError('PAGE_UNKNOWN', `a page from 1 to ${count}`, `page ${index + 1}`);
    }
    const { object, ancestors } = found;
    const dictionary = ancestors[0] ?? damage('a page');
    return { object, dictionary, geometry: await this.geometry(ancestors) };
  }

  /** Object numbers of all pages, for what must look at each one. */
  async allPageNumbers(): Promise<Set<number>> {
    const numbers = new Set<number>();
    await this.countLeaves(await this.root(), 0, (objectNumber) => numbers.add(objectNumber));
    return numbers;
  }

  private async root(): Promise<IndirectObject> {
    const pages = (await readCatalog(this.view)).dictionary.get('Pages');
    const object = pages instanceof Reference ? await this.view.object(pages.objectNumber) : undefined;
    return object === undefined || dictionaryOf(object) === undefined ? damage('a page tree') : object;
  }

  private async find(
    root: IndirectObject,
    index: number,
  ): Promise<{ object: IndirectObject; ancestors: Ancestors } | undefined> {
    let object = root;
    let ancestors: Ancestors = [dictionaryOf(root) ?? damage('a page tree')];
    let skipped = index;
    for (let depth = 0; depth <= this.view.windows.limits.maxNesting; depth += 1) {
      const kids = await this.kids(object);
      if (kids === undefined) {
        return { object, ancestors };
      }
      const step = await this.kidHolding(object, kids, skipped);
      if (step === undefined) {
        return undefined;
      }
      object = step.kid;
      skipped = step.skipped;
      ancestors = [dictionaryOf(object) ?? damage('a page'), ...ancestors];
    }
    // A cycle of /Kids ends here too.
    throw limitExceeded(`a page tree of at most ${this.view.windows.limits.maxNesting} levels`, 'a deeper one');
  }

  private async kidHolding(
    parent: IndirectObject,
    kids: readonly PdfValue[],
    index: number,
  ): Promise<{ kid: IndirectObject; skipped: number } | undefined> {
    // As many kids as pages: each one is a page, and the others need not be looked at.
    if ((await this.statedCount(parent)) === kids.length && index < kids.length) {
      const kid = await this.kid(kids[index]);
      if ((await this.kids(kid)) === undefined) {
        return { kid, skipped: 0 };
      }
    }
    let skipped = index;
    for (const item of kids) {
      const kid = await this.kid(item);
      const isLeaf = (await this.kids(kid)) === undefined;
      const pages = isLeaf ? 1 : ((await this.statedCount(kid)) ?? (await this.countLeaves(kid, 0)));
      if (skipped < pages) {
        return { kid, skipped };
      }
      skipped -= pages;
    }
    return undefined;
  }

  private async kid(item: PdfValue | undefined): Promise<IndirectObject> {
    const object = item instanceof Reference ? await this.view.object(item.objectNumber) : undefined;
    return object === undefined || dictionaryOf(object) === undefined ? damage('a page or page tree node') : object;
  }

  /** Undefined for a page. */
  private async kids(node: IndirectObject): Promise<readonly PdfValue[] | undefined> {
    const dictionary = dictionaryOf(node);
    const kids = dictionary?.get('Kids');
    if (kids === undefined && !isName(dictionary?.get('Type'), 'Pages')) {
      return undefined;
    }
    const resolved = await this.view.resolve(kids);
    return resolved instanceof PdfArray ? resolved.items : [];
  }

  private async statedCount(node: IndirectObject): Promise<number | undefined> {
    const count = await this.view.resolve(dictionaryOf(node)?.get('Count'));
    return typeof count === 'number' && Number.isInteger(count) && count >= 0 ? count : undefined;
  }

  private async countLeaves(
    node: IndirectObject,
    depth: number,
    onPage?: (objectNumber: number) => void,
  ): Promise<number> {
    const { maxNesting, maxPages } = this.view.windows.limits;
    if (depth > maxNesting) {
      throw limitExceeded(`a page tree of at most ${maxNesting} levels`, 'a deeper one');
    }
    const kids = await this.kids(node);
    if (kids === undefined) {
      onPage?.(node.objectNumber);
      return 1;
    }
    let pages = 0;
    for (const item of kids) {
      pages += await this.countLeaves(await this.kid(item), depth + 1, onPage);
      if (pages > maxPages) {
        throw limitExceeded(`at most ${maxPages} pages`, 'more');
      }
    }
    return pages;
  }

  private async geometry(ancestors: Ancestors): Promise<PageGeometry> {
    const media = await this.box(ancestors, 'MediaBox');
    if (media === undefined) {
      throw damaged('a MediaBox', 'none');
    }
    const crop = (await this.box(ancestors, 'CropBox')) ?? media;
    const rotate = await this.inherited(ancestors, 'Rotate');
    // Unlike the others, UserUnit is not inherited (ISO 32000-2, table 31).
    const userUnit = await this.view.resolve(ancestors[0]?.get('UserUnit'));
    const geometry = {
      left: Math.max(media[0], crop[0]),
      bottom: Math.max(media[1], crop[1]),
      right: Math.min(media[2], crop[2]),
      top: Math.min(media[3], crop[3]),
      rotate: asRotation(rotate),
      userUnit: typeof userUnit === 'number' && userUnit > 0 ? userUnit : 1,
    };
    if (geometry.right <= geometry.left || geometry.top <= geometry.bottom) {
      throw damaged('a page with an area', 'boxes that do not meet');
    }
    return geometry;
  }

  private async inherited(ancestors: Ancestors, key: string): Promise<PdfValue> {
    for (const dictionary of ancestors) {
      const written = dictionary.get(key) ?? null;
      const value = written === null ? null : await this.view.resolve(written);
      if (value !== null) {
        return value;
      }
    }
    return null;
  }

  /** Any two opposite corners (ISO 32000-2, 7.9.5), sorted. */
  private async box(ancestors: Ancestors, key: string): Promise<[number, number, number, number] | undefined> {
    const value = await this.inherited(ancestors, key);
    if (value === null) {
      return undefined;
    }
    const corners: number[] = [];
    for (const item of value instanceof PdfArray ? value.items.slice(0, 4) : []) {
      const corner = typeof item === 'number' ? item : await this.view.resolve(item);
      if (typeof corner === 'number' && Number.isFinite(corner)) {
        corners.push(corner);
      }
    }
    const [x1, y1, x2, y2] = corners;
    if (x1 === undefined || y1 === undefined || x2 === undefined || y2 === undefined) {
      throw damaged(`four numbers in /${key}`, String(corners.length));
    }
    return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
  }
}

/** A multiple of 90 (ISO 32000-2, table 31); anything else is drawn upright by viewers. */
function asRotation(value: PdfValue): Rotation {
  const turned = typeof value === 'number' ? ((value % 360) + 360) % 360 : 0;
  return turned === 90 || turned === 180 || turned === 270 ? turned : 0;
}

function damage(expected: string): never {
  throw damaged(expected, 'something else');
}
