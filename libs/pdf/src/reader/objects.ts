import { limitExceeded } from '../limits.js';
import { asBuffer } from '../sources.js';
import { damaged } from '../syntax/parser.js';
import { Dictionary, isName, type PdfValue, Reference } from '../syntax/values.js';
import { decodeStream } from './filters.js';
import { dictionaryOf, type IndirectObject, parseIndirectObject } from './indirect-object.js';
import type { Section, XrefEntry } from './section.js';
import { SectionIndex } from './section-index.js';
import type { WindowReader } from './window.js';

const maxCachedObjects = 1024;
/** Decoded object streams that are kept: a walk over the whole document comes back to each one many times. */
const maxCachedContainerBytes = 8 * 1024 * 1024;
const maxReferenceHops = 16;

type OffsetEntry = Pick<Extract<XrefEntry, { readonly kind: 'offset' }>, 'offset' | 'generation'>;

/** A decoded object stream (ISO 32000-2, 7.5.7). */
interface ObjectStream {
  readonly bytes: Buffer;
  readonly members: readonly { readonly objectNumber: number; readonly offset: number }[];
  /** True where a strict reader refuses it: only in a file that is repaired. */
  readonly isDamaged: boolean;
}

/** How objects are read: strictly, or as the scan of a damaged file found them. */
export interface Reading {
  readonly parse: typeof parseIndirectObject;
  /** Bytes of a stream's data whatever its /Length says; undefined where that is to be believed. */
  readonly lengthOf: (objectNumber: number) => number | undefined;
  /** True where object streams count as far as they can be read. */
  readonly isTolerant: boolean;
  /** Objects that are read otherwise than they stand in the file. */
  readonly mended: ReadonlyMap<number, IndirectObject>;
}

const strictReading: Reading = {
  parse: parseIndirectObject,
  lengthOf: () => undefined,
  isTolerant: false,
  mended: new Map(),
};

/** Reads objects by their place in the file, with a small cache that all views of the document share. */
export class ObjectReader {
  private readonly byOffset = new Map<number, IndirectObject>();
  private readonly containers = new Map<number, ObjectStream>();
  private containerBytes = 0;

  constructor(
    readonly windows: WindowReader,
    readonly reading: Reading = strictReading,
  ) {}

  /** The object at a file offset, which must be the one that the cross-reference entry promised; at once where it can be. */
  atOffset(entry: OffsetEntry, objectNumber: number): IndirectObject | Promise<IndirectObject> {
    const known = this.byOffset.get(entry.offset);
    const object = known ?? this.windows.at(entry.offset, this.reading.parse);
    return object instanceof Promise
      ? object.then((read) => this.promised(entry, objectNumber, read))
      : this.promised(entry, objectNumber, object);
  }

  private promised(entry: OffsetEntry, objectNumber: number, object: IndirectObject): IndirectObject {
    if (!this.byOffset.has(entry.offset)) {
      if (this.byOffset.size >= maxCachedObjects) {
        this.byOffset.clear();
      }
      this.byOffset.set(entry.offset, object);
    }
    if (object.objectNumber !== objectNumber || object.generation !== entry.generation) {
      throw damaged(
        `object ${objectNumber} ${entry.generation} at offset ${entry.offset}`,
        `object ${object.objectNumber} ${object.generation}`,
      );
    }
    return object;
  }

  /** The object stream that `container` is. */
  async objectStream(container: IndirectObject, view: ObjectView): Promise<ObjectStream> {
    const key = container.dataOffset ?? -1;
    let stream = this.containers.get(key);
    if (stream === undefined) {
      stream = await this.readObjectStream(container, view);
      this.containerBytes += stream.bytes.length;
      if (this.containerBytes > maxCachedContainerBytes) {
        this.containers.clear();
        this.containerBytes = stream.bytes.length;
      }
      this.containers.set(key, stream);
    }
    return stream;
  }

  private async readObjectStream(container: IndirectObject, view: ObjectView): Promise<ObjectStream> {
    const dictionary = dictionaryOf(container);
    const count = dictionary?.get('N');
    const first = dictionary?.get('First');
    const { isTolerant } = this.reading;
    let isDamaged = !isName(dictionary?.get('Type'), 'ObjStm');
    if ((isDamaged && !isTolerant) || typeof count !== 'number' || typeof first !== 'number') {
      throw damaged('an object stream', `object ${container.objectNumber}`);
    }
    if (count > this.windows.limits.maxObjects) {
      throw limitExceeded(`at most ${this.windows.limits.maxObjects} objects`, count);
    }
    const bytes = await view.streamData(container, () => (isDamaged = true));
    const parser = this.windows.over(bytes, 0);
    const members: { objectNumber: number; offset: number }[] = [];
    for (let index = 0; index < count; index += 1) {
      if (isDamaged && (parser.pos >= first || parser.pos >= bytes.length)) {
        break;
      }
      members.push({ objectNumber: parser.integer(), offset: first + parser.integer() });
    }
    return { bytes, members, isDamaged };
  }
}

interface Definition {
  readonly entry: XrefEntry;
  readonly section: Section;
}

/** The objects as a number of sections define them: the whole file, or a revision of it. */
export class ObjectView {
  private readonly known = new Map<number, IndirectObject | undefined>();
  private index: { readonly of: SectionIndex | undefined } | undefined;

  /** `sections` from the newest to the oldest. */
  constructor(
    readonly objects: ObjectReader,
    readonly sections: readonly Section[],
  ) {}

  get windows(): WindowReader {
    return this.objects.windows;
  }

  /** Where the object is; undefined where no section speaks of it. At once where that is in memory. */
  entry(objectNumber: number): XrefEntry | undefined | Promise<XrefEntry | undefined> {
    const found = this.definition(objectNumber);
    return found instanceof Promise ? found.then((definition) => definition?.entry) : found?.entry;
  }

  /** The newest section that speaks of the object, and what it says; at once where that is in memory. */
  definition(objectNumber: number): Definition | undefined | Promise<Definition | undefined> {
    this.index ??= { of: SectionIndex.of(this.sections) };
    const candidates = this.index.of?.holding(objectNumber) ?? this.sections;
    for (const section of candidates) {
      const entry = section.lookup(objectNumber);
      if (entry instanceof Promise) {
        return this.awaitedDefinition(candidates.slice(candidates.indexOf(section)), entry, objectNumber);
      }
      if (entry !== undefined) {
        return { entry, section };
      }
    }
    return undefined;
  }

  /** `first` is what the first candidate is going to say. */
  private async awaitedDefinition(
    candidates: readonly Section[],
    first: Promise<XrefEntry | undefined>,
    objectNumber: number,
  ): Promise<Definition | undefined> {
    for (const [position, section] of candidates.entries()) {
      const entry = await (position === 0 ? first : section.lookup(objectNumber));
      if (entry !== undefined) {
        return { entry, section };
      }
    }
    return undefined;
  }

  /**
   * The object of that number; undefined when it is free or unknown, which means null (ISO 32000-2, 7.3.10). At once where
   * the bytes are in memory: a form of 500 fields would wait for thousands of promises otherwise.
   */
  object(objectNumber: number): IndirectObject | undefined | Promise<IndirectObject | undefined> {
    const known = this.known.get(objectNumber);
    if (known !== undefined || this.known.has(objectNumber)) {
      return known;
    }
    this.windows.meter.visit();
    const mended = this.objects.reading.mended.get(objectNumber);
    if (mended !== undefined) {
      return this.keep(objectNumber, mended);
    }
    const entry = this.entry(objectNumber);
    const object =
      entry instanceof Promise
        ? entry.then((found) => found && this.objectAt(found, objectNumber))
        : entry && this.objectAt(entry, objectNumber);
    return object instanceof Promise
      ? object.then((read) => this.keep(objectNumber, read))
      : this.keep(objectNumber, object);
  }

  private keep(objectNumber: number, object: IndirectObject | undefined): IndirectObject | undefined {
    if (this.known.size >= maxCachedObjects) {
      this.known.clear();
    }
    this.known.set(objectNumber, object);
    return object;
  }

  /** What a cross-reference entry leads to; at once where it is in memory. */
  objectAt(entry: XrefEntry, objectNumber: number): IndirectObject | undefined | Promise<IndirectObject | undefined> {
    if (entry.kind === 'free') {
      return undefined;
    }
    return entry.kind === 'offset' ? this.objects.atOffset(entry, objectNumber) : this.member(entry, objectNumber);
  }

  private async member(
    entry: Extract<XrefEntry, { readonly kind: 'compressed' }>,
    objectNumber: number,
  ): Promise<IndirectObject> {
    const containerEntry = await this.entry(entry.container);
    if (containerEntry?.kind !== 'offset') {
      throw damaged(`object stream ${entry.container} outside of object streams`, 'something else');
    }
    const container = await this.objects.atOffset(containerEntry, entry.container);
    const stream = await this.objects.objectStream(container, this);
    const member = stream.members[entry.index];
    if (member?.objectNumber !== objectNumber) {
      throw damaged(`object ${objectNumber} in object stream ${entry.container}`, 'another one');
    }
    this.windows.meter.visit();
    const value = this.windows.over(stream.bytes, member.offset).value();
    return { objectNumber, generation: 0, value, dataOffset: undefined, base: undefined, parsedEnd: 0 };
  }

  /** Follows references until there is something else; a missing object is null. At once where there is none. */
  resolve(value: PdfValue | undefined): PdfValue | Promise<PdfValue> {
    return value instanceof Reference ? this.follow(value) : (value ?? null);
  }

  private async follow(reference: Reference): Promise<PdfValue> {
    let current: PdfValue | undefined = reference;
    for (let hops = 0; current instanceof Reference; hops += 1) {
      if (hops > maxReferenceHops) {
        throw damaged('references that end at an object', 'a chain of references');
      }
      current = (await this.object(current.objectNumber))?.value;
    }
    return current ?? null;
  }

  /** As `resolve`; undefined unless it is a dictionary. */
  async dictionary(value: PdfValue | undefined): Promise<Dictionary | undefined> {
    const resolved = await this.resolve(value);
    return resolved instanceof Dictionary ? resolved : undefined;
  }

  /** A stream's stored bytes without their encryption: /Length of them, behind which `endstream` must stand. */
  async storedData(object: IndirectObject): Promise<Buffer> {
    const found = this.objects.reading.lengthOf(object.objectNumber);
    const length = found ?? (await this.streamLength(dictionaryOf(object)));
    if (object.dataOffset === undefined || typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0) {
      throw damaged('a stream with a /Length', `object ${object.objectNumber}`);
    }
    const { limits, source } = this.windows;
    if (length > limits.maxObjectBytes) {
      throw limitExceeded(`a stream of at most ${limits.maxObjectBytes} bytes`, length);
    }
    if (found === undefined) {
      await this.windows.at(object.dataOffset + length, ({ parser }) => parser.keyword('endstream'));
    }
    const stored = asBuffer(await source.read(object.dataOffset, length));
    const { securityHandler } = this.windows;
    return securityHandler === undefined ? stored : securityHandler.decryptStream(object, stored, this);
  }

  private async streamLength(dictionary: Dictionary | undefined): Promise<PdfValue> {
    const length = dictionary?.get('Length');
    if (!(length instanceof Reference) || !isName(dictionary?.get('Type'), 'ObjStm')) {
      return this.resolve(length);
    }
    // An object stream whose /Length lies in an object stream, perhaps itself, would be read without end.
    const entry = await this.entry(length.objectNumber);
    return entry?.kind === 'offset' ? (await this.objects.atOffset(entry, length.objectNumber)).value : null;
  }

  /** A stream's data with its filters undone; `onDamage` is told where they could be only in part. */
  async streamData(object: IndirectObject, onDamage?: () => void): Promise<Buffer> {
    const stored = await this.storedData(object);
    const dictionary = dictionaryOf(object);
    const { maxInflatedBytes } = this.windows.limits;
    const tolerance = this.objects.reading.isTolerant ? onDamage : undefined;
    return dictionary === undefined ? stored : decodeStream(dictionary, stored, { maxInflatedBytes, tolerance });
  }
}
