import type { ByteSource } from '../byte-source.js';
import { limitExceeded, type Meter } from '../limits.js';
import { asBuffer, BufferSource } from '../sources.js';
import { outOfWindow, Parser } from '../syntax/parser.js';
import type { PdfLimits } from '../types.js';

/** A parser over a window of the file; `base` is the file offset of the parser's position 0. */
export interface Window {
  readonly parser: Parser;
  readonly base: number;
}

/** Parses at offsets of the file with as few bytes read as possible: a small window first, a larger one if it ends. */
export class WindowReader {
  /** The highest object number that any parsed object referred to. */
  highestReference = 0;
  private readonly firstWindowBytes: number;
  private readonly onReference = (objectNumber: number): void => {
    this.highestReference = Math.max(this.highestReference, objectNumber);
  };

  constructor(
    readonly source: ByteSource,
    readonly limits: PdfLimits,
    readonly meter: Meter,
  ) {
    // A window of a file in memory costs nothing.
    this.firstWindowBytes = source instanceof BufferSource ? 4096 : 512;
  }

  /** Throws PdfError, LIMIT_EXCEEDED when the object is longer than `maxObjectBytes`. */
  async at<T>(offset: number, parse: (window: Window) => T): Promise<T> {
    this.meter.visit();
    const { maxNesting, maxObjectBytes } = this.limits;
    for (let length = this.firstWindowBytes; ; length = Math.min(length * (length < 8192 ? 4 : 2), maxObjectBytes)) {
      const bytes = asBuffer(await this.source.read(offset, length));
      const complete = offset + bytes.length >= this.source.size;
      const parser = new Parser(bytes, 0, { maxNesting, complete, onReference: this.onReference });
      try {
        return parse({ parser, base: offset });
      } catch (error) {
        if (error !== outOfWindow) {
          throw error;
        }
      }
      if (length >= maxObjectBytes) {
        throw limitExceeded(`an object of at most ${maxObjectBytes} bytes`, 'a longer one');
      }
    }
  }

  /** A parser over decoded bytes, which are complete. */
  over(bytes: Buffer, pos: number): Parser {
    const { maxNesting } = this.limits;
    return new Parser(bytes, pos, { maxNesting, complete: true, onReference: this.onReference });
  }
}
