import type { IndirectObject } from '../reader/indirect-object.js';
import type { WindowReader } from '../reader/window.js';
import { damaged, Parser } from '../syntax/parser.js';
import type { Amendment } from './amendments.js';

/**
 * Objects that are read otherwise than they stand in the file, or that stand nowhere in it. They are written anew with the
 * update, so that everybody reads them as they were read here.
 */
export class Mending {
  readonly objects = new Map<number, IndirectObject>();
  private readonly written = new Map<number, Amendment>();
  private room: number;

  constructor(private readonly windows: WindowReader) {
    this.room = windows.limits.maxObjectBytes;
  }

  /** In the order of their numbers. */
  get amendments(): Amendment[] {
    return [...this.written.values()].sort((a, b) => a.objectNumber - b.objectNumber);
  }

  /** `text` is what stands between `obj` and `endobj`, its strings as encrypted as they are. Throws PdfError DAMAGED. */
  set({ objectNumber, generation }: Pick<IndirectObject, 'objectNumber' | 'generation'>, text: Buffer): void {
    this.room -= text.length;
    if (this.room < 0) {
      throw damaged('damaged objects that are small enough to be written anew', 'more than that');
    }
    const { limits, onReference, securityHandler } = this.windows;
    const parser = new Parser(text, 0, { maxNesting: limits.maxNesting, complete: true, onReference });
    parser.stringCipher = securityHandler?.stringCipher(objectNumber, generation);
    const value = parser.value();
    this.objects.set(objectNumber, {
      objectNumber,
      generation,
      value,
      dataOffset: undefined,
      base: undefined,
      parsedEnd: 0,
    });
    this.written.set(objectNumber, { objectNumber, generation, parts: [text] });
  }

  /** What stands further behind in the file counts instead. */
  forget(objectNumber: number): void {
    this.objects.delete(objectNumber);
    this.written.delete(objectNumber);
  }
}
