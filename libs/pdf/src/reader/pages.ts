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
  /** The node that lists it, and its place in that node's /Kids; undefined for a tree that is one page. */
  readonly listing: PageListing | undefined;
}

/** Where the page tree lists a page. */
export interface PageListing {
  readonly parent: IndirectObject;
  readonly kids: readonly PdfValue[];
  readonly position: number;
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

/** Left, bottom, right, top, in default user space. */
type Box = readonly [number, number, number, number];

/** What viewers take where no MediaBox is to be had: 8.5 × 11 inches. */
const letter: Box = [0, 0, 612, 792];
const noPath: Path = new Set();

/** Attributes that a page inherits (ISO 32000-2, 7.7.3.4), nearest first. */
type Ancestors = readonly Dictionary[];

/** The page's size as it is displayed. */
export function displayedPage(index: number, geometry: PageGeometry): PdfPage {
  const { left, bottom, right, top, rotate, userUnit } = geometry;
  const widthPt = (right - left) * userUnit;
  const heightPt = (top - bottom) * userUnit;
  return rotate % 180 === 0 ? { index, widthPt, heightPt } : { index, widthPt: heightPt, heightPt: widthPt };
}

/** A node of the tree with those above it, by object number: a kid that is one of them closes a cycle. */
type Path = ReadonlySet<number>;

/**
 * The page tree of one view (ISO 32000-2, 7.7.3); visits only the nodes on the way to the page. /Count is believed where
 * the kids bear it out, and counted anew otherwise; kids that are missing, or that lead back up, are passed over.
 */
export class PageTree {
  constructor(private readonly view: ObjectView) {}

  /** Throws PdfError NO_PAGES. */
  async count(): Promise<number> {
    const root = await this.root();
    const path = new Set([root.objectNumber]);
    const { maxPages } = this.view.windows.limits;
    const kids = await this.kids(root);
    const stated = await this.statedCount(root);
    if (kids !== undefined && stated !== undefined && stated > 0 && stated <= maxPages) {
      const first = await this.find(root, 0);
      if (first !== undefined && (await this.isBorneOut(kids, stated)) && (await this.find(root, stated - 1))) {
        return stated;
      }
    }
    const counted = await this.countLeaves(root, path);
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
    const { object, ancestors, listing } = found;
    const dictionary = ancestors[0] ?? damage('a page');
    return { object, dictionary, geometry: await this.geometry(ancestors), listing };
  }

  /** Object numbers of all pages that can be read, for what must look at each one. */
  async allPageNumbers(): Promise<Set<number>> {
    const numbers = new Set<number>();
    const root = await this.root();
    await this.countLeaves(root, new Set([root.objectNumber]), (objectNumber) => numbers.add(objectNumber));
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
  ): Promise<{ object: IndirectObject; ancestors: Ancestors; listing: PageListing | undefined } | undefined> {
    const path = new Set<number>();
    let object = root;
    let ancestors: Ancestors = [];
    let listing: PageListing | undefined;
    let skipped = index;
    for (;;) {
      path.add(object.objectNumber);
      ancestors = [dictionaryOf(object) ?? damage('a page'), ...ancestors];
      const kids = await this.kids(object);
      if (kids === undefined) {
        return skipped === 0 ? { object, ancestors, listing } : undefined;
      }
      this.assertDepth(path);
      const step = await this.kidHolding(object, kids, { index: skipped, path });
      if (step === undefined) {
        return undefined;
      }
      listing = { parent: object, kids, position: step.position };
      object = step.kid;
      skipped = step.skipped;
    }
  }

  private async kidHolding(
    parent: IndirectObject,
    kids: readonly PdfValue[],
    { index, path }: { readonly index: number; readonly path: Path },
  ): Promise<{ kid: IndirectObject; skipped: number; position: number } | undefined> {
    // As many kids as pages: each one is a page, and the others need not be looked at.
    if (index < kids.length && (await this.statedCount(parent)) === kids.length && (await this.isFlat(kids))) {
      const kid = await this.kid(kids[index], path);
      if (kid !== undefined && (await this.kids(kid)) === undefined) {
        return { kid, skipped: 0, position: index };
      }
    }
    let skipped = index;
    for (const [position, item] of kids.entries()) {
      const kid = await this.kid(item, path);
      if (kid !== undefined) {
        const pages = await this.pagesBelow(kid, path);
        if (skipped < pages) {
          return { kid, skipped, position };
        }
        skipped -= pages;
      }
    }
    return undefined;
  }

  /** Undefined for what is nothing, and for a node that the kid would be below of. */
  private async kid(item: PdfValue | undefined, path: Path): Promise<IndirectObject | undefined> {
    if (item instanceof Dictionary) {
      // No widget could name it as its page (ISO 32000-2, table 166), and /Kids holds references (table 30).
      throw damaged('pages that are indirect objects', 'one that stands in /Kids');
    }
    const isCycle = item instanceof Reference && path.has(item.objectNumber);
    const object = item instanceof Reference && !isCycle ? await this.view.object(item.objectNumber) : undefined;
    return dictionaryOf(object) === undefined ? undefined : object;
  }

  /** As `kid`; undefined also for what can't be read, which no viewer shows. */
  private async readableKid(item: PdfValue, path: Path): Promise<IndirectObject | undefined> {
    try {
      return await this.kid(item, path);
    } catch (error) {
      if (error instanceof PdfError && error.code === 'DAMAGED') {
        return undefined;
      }
      throw error;
    }
  }

  /** Undefined for a page: what says so, or has no /Kids and does not call itself a node. */
  private async kids(node: IndirectObject): Promise<readonly PdfValue[] | undefined> {
    const dictionary = dictionaryOf(node);
    const kids = dictionary?.get('Kids');
    const type = dictionary?.get('Type');
    if (isName(type, 'Page') || (kids === undefined && !isName(type, 'Pages'))) {
      return undefined;
    }
    const resolved = await this.view.resolve(kids);
    return resolved instanceof PdfArray ? resolved.items : [];
  }

  private async statedCount(node: IndirectObject): Promise<number | undefined> {
    const count = await this.view.resolve(dictionaryOf(node)?.get('Count'));
    return typeof count === 'number' && Number.isInteger(count) && count >= 0 ? count : undefined;
  }

  /** A wrong /Count of a node that is passed over would place a signature on another page than the one that was meant. */
  private async pagesBelow(node: IndirectObject, path: Path): Promise<number> {
    const kids = await this.kids(node);
    if (kids === undefined) {
      return 1;
    }
    const stated = await this.statedCount(node);
    return stated !== undefined && (await this.isBorneOut(kids, stated))
      ? stated
      : this.countLeaves(node, new Set([...path, node.objectNumber]));
  }

  /** True when all kids seem to be pages; the first and the last are looked at. */
  private async isFlat(kids: readonly PdfValue[]): Promise<boolean> {
    for (const item of [kids[0], kids.at(-1)]) {
      const kid = await this.kid(item, noPath);
      if (kid === undefined || (await this.kids(kid)) !== undefined) {
        return false;
      }
    }
    return kids.every((item) => item instanceof Reference);
  }

  /** As many pages as kids, or the sum of what the kids state. */
  private async isBorneOut(kids: readonly PdfValue[], stated: number): Promise<boolean> {
    if (stated === kids.length && (stated === 0 || (await this.isFlat(kids)))) {
      return true;
    }
    let sum = 0;
    for (const item of kids) {
      const kid = await this.kid(item, noPath);
      if (kid !== undefined) {
        sum += (await this.kids(kid)) === undefined ? 1 : ((await this.statedCount(kid)) ?? Number.NaN);
      }
    }
    return sum === stated;
  }

  /** `path` ends at the node. */
  private async countLeaves(
    node: IndirectObject,
    path: Path,
    onPage?: (objectNumber: number) => void,
  ): Promise<number> {
    const { limits, meter } = this.view.windows;
    // Nodes that are shared by many others can be reached in more ways than there are objects.
    meter.visit();
    this.assertDepth(path);
    const kids = await this.kids(node);
    if (kids === undefined) {
      onPage?.(node.objectNumber);
      return 1;
    }
    let pages = 0;
    for (const item of kids) {
      const kid = onPage === undefined ? await this.kid(item, path) : await this.readableKid(item, path);
      if (kid !== undefined) {
        pages += await this.countLeaves(kid, new Set([...path, kid.objectNumber]), onPage);
      }
      if (pages > limits.maxPages) {
        throw limitExceeded(`at most ${limits.maxPages} pages`, 'more');
      }
    }
    return pages;
  }

  private assertDepth(path: Path): void {
    const { maxNesting } = this.view.windows.limits;
    if (path.size > maxNesting + 1) {
      throw limitExceeded(`a page tree of at most ${maxNesting} levels`, 'a deeper one');
    }
  }

  /** Boxes that say nothing usable are passed over, as viewers do. */
  private async geometry(ancestors: Ancestors): Promise<PageGeometry> {
    const media = (await this.box(ancestors, 'MediaBox')) ?? letter;
    const crop = intersection((await this.box(ancestors, 'CropBox')) ?? media, media) ?? media;
    const rotate = await this.inherited(ancestors, 'Rotate');
    // Unlike the others, UserUnit is not inherited (ISO 32000-2, table 31).
    const userUnit = await this.view.resolve(ancestors[0]?.get('UserUnit'));
    const [left, bottom, right, top] = crop;
    return {
      left,
      bottom,
      right,
      top,
      rotate: asRotation(rotate),
      userUnit: typeof userUnit === 'number' && userUnit > 0 ? userUnit : 1,
    };
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

  /** The nearest one with an area: any two opposite corners (ISO 32000-2, 7.9.5), sorted. */
  private async box(ancestors: Ancestors, key: string): Promise<Box | undefined> {
    for (const dictionary of ancestors) {
      const value = await this.view.resolve(dictionary.get(key));
      const corners: number[] = [];
      for (const item of value instanceof PdfArray ? value.items.slice(0, 4) : []) {
        const corner = typeof item === 'number' ? item : await this.view.resolve(item);
        if (typeof corner === 'number' && Number.isFinite(corner)) {
          corners.push(corner);
        }
      }
      const [x1, y1, x2, y2] = corners;
      if (x1 !== undefined && y1 !== undefined && x2 !== undefined && y2 !== undefined && x1 !== x2 && y1 !== y2) {
        return [Math.min(x1, x2), Math.min(y1, y2), Math.max(x1, x2), Math.max(y1, y2)];
      }
    }
    return undefined;
  }
}

/** Undefined where both do not meet in an area. */
function intersection(a: Box, b: Box): Box | undefined {
  const [left, bottom, right, top] = [
    Math.max(a[0], b[0]),
    Math.max(a[1], b[1]),
    Math.min(a[2], b[2]),
    Math.min(a[3], b[3]),
  ];
  return left < right && bottom < top ? [left, bottom, right, top] : undefined;
}

/** A multiple of 90 (ISO 32000-2, table 31); anything else is drawn upright by viewers. */
function asRotation(value: PdfValue): Rotation {
  const turned = typeof value === 'number' ? ((value % 360) + 360) % 360 : 0;
  return turned === 90 || turned === 180 || turned === 270 ? turned : 0;
}

function damage(expected: string): never {
  throw damaged(expected, 'something else');
}
