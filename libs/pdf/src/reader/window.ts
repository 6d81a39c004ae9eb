import type { ByteSource } from '../byte-source.js';
import type { StandardSecurityHandler } from '../encryption/security-handler.js';
import { limitExceeded, type Meter } from '../limits.js';
import { asBuffer } from '../sources.js';
import { outOfWindow, Parser } from '../syntax/parser.js';
import type { PdfLimits } from '../types.js';

/** A parser over a window of the file; `base` is the file offset of the parser's position 0. */
export interface Window {
  readonly parser: Parser;
  readonly base: number;
  /** Undefined unless the document is encrypted. */
  readonly securityHandler?: StandardSecurityHandler | undefined;
}

/**
 * How many indirect objects a file may have (ISO 32000-1, table C.1). A reference to a higher number leads nowhere and never
 * will: counted with the others, it would have new objects numbered, and a repaired table filled, up to there.
 */
const maxObjectNumber = 8_388_607;

/** Parses at offsets of the file with as few bytes read as possible: a small window first, a larger one if it ends. */
export class WindowReader {
  /** The highest object number that any parsed object referred to; numbers that no file has don't count. */
  highestReference = 0;
  /** Set once it is known how the document is encrypted; objects that were read before then aren't kept. */
  securityHandler: StandardSecurityHandler | undefined;
  /** Where cross-reference streams whose /Length is wrong are read all the same. */
  isTolerant = false;
  private readonly firstWindowBytes: number;
  /** To be told of every reference that is parsed. */
  readonly onReference = (objectNumber: number): void => {
    if (objectNumber <= maxObjectNumber) {
      this.highestReference = Math.max(this.highestReference, objectNumber);
    }
  };

  constructor(
    readonly source: ByteSource,
    readonly limits: PdfLimits,
    readonly meter: Meter,
  ) {
    // A window of a file in memory costs nothing.
    this.firstWindowBytes = source.peek?.(0, 1) === undefined ? 512 : 4096;
  }

  /**
   * What `parse` makes of the bytes at `offset`; at once where they are in memory.
   * Throws PdfError, LIMIT_EXCEEDED when the object is longer than `maxObjectBytes`.
   */
  at<T>(offset: number, parse: (window: Window) => T): T | Promise<T> {
    this.meter.visit();
    for (let length = this.firstWindowBytes; ; length = this.wider(length)) {
      const bytes = this.source.peek?.(offset, length);
      if (bytes === undefined) {
        return this.readAt(offset, length, parse);
      }
      const parsed = this.parseWindow(offset, bytes, parse);
      if (parsed !== outOfWindow) {
        return parsed as T;
      }
    }
  }

  private async readAt<T>(offset: number, firstLength: number, parse: (window: Window) => T): Promise<T> {
    for (let length = firstLength; ; length = this.wider(length)) {
      const parsed = this.parseWindow(offset, await this.source.read(offset, length), parse);
      if (parsed !== outOfWindow) {
        return parsed as T;
      }
    }
  }

  /** `outOfWindow` when the window ended too early. */
  private parseWindow<T>(offset: number, bytes: Uint8Array, parse: (window: Window) => T): T | typeof outOfWindow {
    const { maxNesting } = this.limits;
    const complete = offset + bytes.length >= this.source.size;
    const parser = new Parser(asBuffer(bytes), 0, { maxNesting, complete, onReference: this.onReference });
    try {
      return parse({ parser, base: offset, securityHandler: this.securityHandler });
    } catch (error) {
      if (error !== outOfWindow) {
        throw error;
      }
      return outOfWindow;
    }
  }

  /**
   * What was parsed is parsed anew: what does not fit 64 KiB is an array of thousands of items, and grows in big steps. Up to
   * there it may be a signature, of which nothing behind it is wanted.
   */
  private wider(length: number): number {
    const { maxObjectBytes } = this.limits;
    if (length >= maxObjectBytes) {
      throw limitExceeded(`an object of at most ${maxObjectBytes} bytes`, 'a longer one');
    }
    return Math.min(length * growthFrom(length), maxObjectBytes);
  }

  /** A parser over decoded bytes, which are complete. */
  over(bytes: Buffer, pos: number): Parser {
    const { maxNesting } = this.limits;
    return new Parser(bytes, pos, { maxNesting, complete: true, onReference: this.onReference });
  }
}

function growthFrom(length: number): number {
  if (length < 8192) {
    return 4;
  }
  return length < 65_536 || length >= 524_288 ? 2 : 8;
}
