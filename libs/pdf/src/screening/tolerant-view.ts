import { PdfError } from '../errors.js';
import { dictionaryOf, type IndirectObject } from '../reader/indirect-object.js';
import { ObjectReader, ObjectView } from '../reader/objects.js';
import type { Structure } from '../reader/structure.js';
import { WindowReader } from '../reader/window.js';
import { Dictionary, PdfArray, type PdfValue, Reference } from '../syntax/values.js';
import type { Findings } from './findings.js';

/** Thrown when `maxScreenedObjects` is used up; what was found so far counts. */
export const outOfBudget = Object.freeze({ outOfBudget: true });

/** Something of the document with the number of the object that it was read from, if it was one. */
export interface Found {
  readonly dictionary: Dictionary;
  readonly object: IndirectObject | undefined;
}

/**
 * The document's objects as the screening sees them: what can't be read is a finding and no failure, and only so many are
 * read. It has a reader of its own, since the numbers that a signature's new objects get hang on what was read before,
 * and must not hang on the policy of the screening.
 */
export class TolerantView {
  readonly view: ObjectView;
  private left: number;

  constructor(
    readonly structure: Structure,
    readonly findings: Findings,
  ) {
    const { source, limits, meter, sections, view } = structure;
    const windows = new WindowReader(source, limits, meter);
    windows.securityHandler = view.windows.securityHandler;
    this.view = new ObjectView(new ObjectReader(windows, view.objects.reading), sections);
    this.left = limits.maxScreenedObjects;
  }

  get budget(): number {
    return this.left;
  }

  /** To be called for each object that is read. Throws `outOfBudget`. */
  spend(): void {
    this.left -= 1;
    if (this.left < 0) {
      throw outOfBudget;
    }
  }

  /** What `read` gives; undefined, and a finding, where the file is damaged there or beyond a limit. */
  async attempt<T>(read: () => Promise<T>, objectNumber?: number): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof PdfError) || (error.code !== 'DAMAGED' && error.code !== 'LIMIT_EXCEEDED')) {
        throw error;
      }
      // Of the limits only those of one object are passed over: this throws again when the time is up.
      this.structure.meter.visit();
      this.findings.add('not-screened', 'an object that cannot be read', { objectNumber });
      return undefined;
    }
  }

  async object(reference: Reference): Promise<IndirectObject | undefined> {
    this.spend();
    return this.attempt(async () => this.view.object(reference.objectNumber), reference.objectNumber);
  }

  /** As written where it is no reference, else what the reference leads to; null where that is nothing. */
  resolve(value: PdfValue | undefined): PdfValue | Promise<PdfValue> {
    return value instanceof Reference ? this.follow(value) : (value ?? null);
  }

  private async follow(reference: Reference): Promise<PdfValue> {
    const value = (await this.object(reference))?.value ?? null;
    return value instanceof Reference ? ((await this.attempt(async () => this.view.resolve(value))) ?? null) : value;
  }

  async dictionary(value: PdfValue | undefined): Promise<Dictionary | undefined> {
    return (await this.found(value))?.dictionary;
  }

  /** A dictionary, or that of a stream, with its object. */
  async found(value: PdfValue | undefined): Promise<Found | undefined> {
    if (value instanceof Dictionary) {
      return { dictionary: value, object: undefined };
    }
    if (!(value instanceof Reference)) {
      return undefined;
    }
    const object = await this.object(value);
    const dictionary =
      dictionaryOf(object) ?? (object?.value instanceof Reference ? await this.last(object) : undefined);
    return dictionary === undefined ? undefined : { dictionary, object };
  }

  private async last({ value }: IndirectObject): Promise<Dictionary | undefined> {
    const end = await this.resolve(value);
    return end instanceof Dictionary ? end : undefined;
  }

  /** The items of an array; none where it isn't one. */
  async items(value: PdfValue | undefined): Promise<readonly PdfValue[]> {
    const resolved = await this.resolve(value);
    return resolved instanceof PdfArray ? resolved.items : [];
  }
}
