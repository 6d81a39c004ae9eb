import { setImmediate } from 'node:timers/promises';
import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';
import { limitExceeded, Meter } from '../limits.js';
import { WindowReader } from '../reader/window.js';
import { asBuffer } from '../sources.js';
import { isSpace, outOfWindow, Parser } from '../syntax/parser.js';
import type { PdfLimits } from '../types.js';
import { type Body, parseBody, parseTrailer } from './body.js';
import type { FoundObject, FoundTrailer, Scan } from './found.js';
import { headerBytes, matchHeader, type ObjectHeader } from './object-header.js';
import { endsAt } from './stream-end.js';
import { newPatience, regularText, tolerantDictionary } from './tolerant-parser.js';

const chunkBytes = 1024 * 1024;
/** After so many chunks other work of the process gets its turn. */
const chunksAtOnce = 8;
/** What is parsed in vain, at most, for each byte of the file: against values that never end, one inside the other. */
const maxWastedShare = 2;
const leastWastedBytes = 512;
const minWastedBytes = 256 * 1024 * 1024;
/** A longer object is read where it is needed; what the scan must know of one stands in fewer bytes. */
const maxScannedObjectBytes = 4 * 1024 * 1024;
/** Trailers beyond these are older than any that could matter. */
const maxRoots = 64;
/** A longer value of a trailer's key is no reference, no pair of identifiers and no /Encrypt. */
const maxTrailerValueBytes = 16 * 1024;

/** A trailer whose end can't be found is looked for so far. */
const maxBrokenTrailerBytes = 4 * 1024;
/** A file has one for each time that it was saved; one of nothing but the word would be parsed for hours. */
const maxBrokenTrailers = 64;

const needles = ['obj', 'trailer', '/ByteRange'] as const;

/**
 * One pass over the whole file in windows, without any cross-reference data: objects, trailers, signature values. The data
 * of a stream whose /Length is right is stepped over; where it is wrong, what looks like an object inside counts as one.
 */
export class Scanner {
  private readonly objects: FoundObject[] = [];
  private readonly trailer: FoundTrailer = {
    roots: [],
    raw: new Map(),
    isEncryptLeftOut: false,
    isEncryptBroken: false,
  };
  private readonly integers: Map<number, number>;
  private readonly windows: WindowReader;
  private isSigned = false;
  private wasted = 0;
  private brokenTrailers = 0;
  private readonly patience = newPatience();
  private counted = 0;

  /** `integers` are those of an earlier pass. Throws PdfError LIMIT_EXCEEDED. */
  constructor(
    private readonly source: ByteSource,
    private readonly limits: PdfLimits,
    private readonly meter: Meter,
    integers: ReadonlyMap<number, number> = new Map(),
  ) {
    this.integers = new Map(integers);
    const maxObjectBytes = Math.min(limits.maxObjectBytes, maxScannedObjectBytes);
    this.windows = new WindowReader(source, { ...limits, maxObjectBytes }, meter);
  }

  async run(from: number): Promise<Scan> {
    const { size } = this.source;
    let chunks = 0;
    for (let at = from; at < size;) {
      const chunk = asBuffer(await this.source.read(at, chunkBytes));
      if (chunk.length === 0) {
        break;
      }
      at = await this.scanChunk(chunk, at);
      chunks += 1;
      this.meter.visit();
      if (chunks % chunksAtOnce === 0) {
        await setImmediate();
      }
    }
    const { objects, trailer, integers, isSigned } = this;
    return { objects, trailer, integers, isSigned, highestReference: this.windows.highestReference };
  }

  /** Gives the file offset to go on from. */
  private async scanChunk(chunk: Buffer, base: number): Promise<number> {
    const isLast = base + chunk.length >= this.source.size;
    const next = needles.map(() => -1);
    let at = 0;
    for (;;) {
      for (const [index, needle] of needles.entries()) {
        if ((next[index] ?? -1) < at) {
          const found = chunk.indexOf(needle, at, 'latin1');
          next[index] = found < 0 ? Infinity : found;
        }
      }
      const [object = Infinity, trailer = Infinity, byteRange = Infinity] = next;
      const nearest = Math.min(object, trailer, byteRange);
      if (nearest === Infinity) {
        return isLast ? this.source.size : Math.max(base + at, base + chunk.length - headerBytes);
      }
      if (nearest === byteRange) {
        this.isSigned = true;
        at = byteRange + 1;
        continue;
      }
      const window = { chunk, base, isLast };
      const header = nearest === object ? matchHeader(chunk, object) : undefined;
      if (nearest === object && header === undefined) {
        at = object + 3;
        continue;
      }
      this.countOne();
      const resume = header === undefined ? await this.trailerAt(window, trailer) : await this.object(window, header);
      if (resume >= base + chunk.length) {
        return resume;
      }
      at = resume - base;
    }
  }

  private countOne(): void {
    this.meter.visit();
    this.counted += 1;
    if (this.counted > this.limits.maxRepairObjects) {
      throw limitExceeded(`at most ${this.limits.maxRepairObjects} objects in a damaged file`, 'more');
    }
  }

  /** Gives the file offset to go on from. */
  private async object(window: ChunkWindow, { objectNumber, generation, start, end }: ObjectHeader): Promise<number> {
    const { base } = window;
    const offset = base + start;
    const bodyStart = base + end;
    const body = await this.parse(window, end, parseBody);
    // No spreads here and below: objects made with them take six times as long, and there are hundreds of thousands.
    if (body === undefined) {
      this.objects.push({
        objectNumber,
        generation,
        offset,
        bodyStart,
        valueEnd: bodyStart,
        state: 'unreadable',
        type: undefined,
        stream: undefined,
      });
      return bodyStart;
    }
    this.isSigned ||= body.isSigned;
    if (body.integer !== undefined) {
      this.integers.set(objectNumber, body.integer);
    }
    this.note(body);
    const length = body.stream === undefined ? undefined : await this.verifiedLength(body.stream, window);
    this.objects.push({
      objectNumber,
      generation,
      offset,
      bodyStart,
      valueEnd: body.valueEnd,
      state: body.isClosed ? 'sound' : 'unclosed',
      type: body.type,
      stream: body.stream && {
        dataOffset: body.stream.dataOffset,
        lengthReference: body.stream.lengthReference,
        length,
        isLengthRight: length !== undefined,
      },
    });
    return body.stream === undefined ? body.end : body.stream.dataOffset + (length ?? 0);
  }

  private async trailerAt(window: ChunkWindow, at: number): Promise<number> {
    // An error for each of a million such words would take longer than all else.
    const isDictionary = isDictionaryAt(window.chunk, at + 7);
    const start = window.base + at + 7;
    const sound = isDictionary ? await this.parse(window, at + 7, parseTrailer) : undefined;
    const isTried = isDictionary && sound === undefined && this.brokenTrailers < maxBrokenTrailers;
    const body = isTried ? await this.brokenTrailer(start) : sound;
    if (body === undefined) {
      return start;
    }
    this.isSigned ||= body.isSigned;
    this.note(body);
    return body.end;
  }

  /** One that was cut off, or that holds what no dictionary may: it may say that the file is encrypted. */
  private async brokenTrailer(offset: number): Promise<Body | undefined> {
    this.brokenTrailers += 1;
    const bytes = asBuffer(await this.source.read(offset, maxBrokenTrailerBytes));
    const next = /\d[\0\t\n\f\r ]+obj\b|\bxref\b/.exec(bytes.toString('latin1'));
    try {
      const dictionary = tolerantDictionary(
        bytes.subarray(0, next?.index ?? bytes.length),
        this.limits.maxNesting,
        this.patience,
      );
      const text = dictionary && regularText(dictionary);
      const body = text && parseTrailer(new Parser(text, 0, { maxNesting: this.limits.maxNesting, complete: true }), 0);
      if (body?.trailer?.raw.has('Encrypt') === true && !this.trailer.raw.has('Encrypt')) {
        this.trailer.isEncryptBroken = true;
      }
      return body && { ...body, end: offset };
    } catch (error) {
      if (error instanceof PdfError) {
        return undefined;
      }
      throw error;
    }
  }

  /** In the chunk, or where that ends too early in a window of its own. Undefined for what can't be read. */
  private async parse(
    { chunk, base, isLast }: ChunkWindow,
    at: number,
    parse: (parser: Parser, base: number) => Body,
  ): Promise<Body | undefined> {
    const { maxNesting } = this.limits;
    const { onReference } = this.windows;
    const parser = new Parser(chunk, at, { maxNesting, complete: isLast, onReference });
    try {
      return parse(parser, base);
    } catch (error) {
      if (error !== outOfWindow) {
        this.waste(isLast ? chunk.length - at : parser.pos - at);
        return undefined;
      }
    }
    this.waste(chunk.length - at);
    try {
      return await this.windows.at(base + at, (window) => {
        try {
          return parse(window.parser, window.base);
        } catch (error) {
          this.waste(window.parser.bytes.length);
          throw error;
        }
      });
    } catch {
      this.assertNotWasted();
      return undefined;
    }
  }

  private waste(bytes: number): void {
    this.wasted += Math.max(bytes, leastWastedBytes);
    this.assertNotWasted();
  }

  private assertNotWasted(): void {
    if (this.wasted > Math.max(minWastedBytes, this.source.size * maxWastedShare)) {
      throw limitExceeded('a file whose objects can be told apart', 'too many that never end');
    }
    this.meter.visit();
  }

  private note({ trailer }: Body): void {
    if (trailer === undefined) {
      return;
    }
    if (trailer.root !== undefined) {
      this.trailer.isEncryptLeftOut = this.trailer.raw.has('Encrypt') && !trailer.raw.has('Encrypt');
      this.trailer.roots.push(trailer.root);
      if (this.trailer.roots.length > maxRoots) {
        this.trailer.roots.shift();
      }
    }
    for (const [key, raw] of trailer.raw) {
      const isBroken = key === 'Encrypt' && this.trailer.isEncryptBroken;
      if (!isBroken && raw.length <= maxTrailerValueBytes) {
        // A copy: the chunk that it stands in is not to be kept.
        this.trailer.raw.set(key, Buffer.from(raw));
      }
    }
  }

  private async verifiedLength(
    { dataOffset, length, lengthReference }: NonNullable<Body['stream']>,
    { chunk, base }: Pick<ChunkWindow, 'chunk' | 'base'>,
  ): Promise<number | undefined> {
    const stated = length ?? (lengthReference === undefined ? undefined : this.integers.get(lengthReference));
    return stated !== undefined && (await endsAt(this.source, dataOffset + stated, { chunk, base }))
      ? stated
      : undefined;
  }
}

/** Also where the bytes end. */
function isDictionaryAt(bytes: Buffer, from: number): boolean {
  let at = from;
  while (isSpace(bytes[at])) {
    at += 1;
  }
  return at >= bytes.length || bytes[at] === 0x3c || bytes[at] === 0x25;
}

interface ChunkWindow {
  readonly chunk: Buffer;
  /** File offset of the chunk. */
  readonly base: number;
  /** True when nothing follows the chunk. */
  readonly isLast: boolean;
}
