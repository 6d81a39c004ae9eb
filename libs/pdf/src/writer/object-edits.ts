import { PdfError } from '../errors.js';
import type { IndirectObject } from '../reader/indirect-object.js';
import { isSpace } from '../syntax/parser.js';
import { Dictionary, PdfArray } from '../syntax/values.js';
import type { Increment } from './increment.js';
import { copySpan, type Part } from './parts.js';
import { findSuperseded } from './superseded.js';

/**
 * Changes to objects of the document, gathered so that each one is written anew once, byte for byte but for what was asked.
 * What changes may lie deep inside of its object: a form in the catalog, a field in /Fields.
 */
export class ObjectEdits {
  private readonly edited = new Map<number, Edited>();

  /**
   * `isSigned`: the document holds signatures. In one that doesn't, of the entries of one key only the last is written: what
   * is signed then says the same to everyone. In one that does, that would be a change of what its signers signed.
   */
  constructor(private readonly about: { readonly isSigned: boolean }) {}

  /**
   * Sets keys of a dictionary that stands in `holder`, or is it. Throws PdfError DAMAGED when a key stands twice in the
   * object of a document that is signed.
   */
  setKeys(holder: IndirectObject, dictionary: Dictionary, changes: ReadonlyMap<string, string>): void {
    const { keys } = this.of(holder);
    const known = keys.get(dictionary) ?? new Map<string, string>();
    keys.set(dictionary, known);
    for (const [key, text] of changes) {
      known.set(key, text);
    }
  }

  /** Adds an item at the end of an array that stands in `holder`, or is it. */
  append(holder: IndirectObject, array: PdfArray, item: string): void {
    const { items } = this.of(holder);
    items.set(array, `${items.get(array) ?? ''} ${item}`);
  }

  /** Writes an object of an unsigned document anew where a key stands twice in it: a later update couldn't change it. */
  settle(holder: IndirectObject): void {
    if (!this.about.isSigned && findSuperseded(holder.value).length > 0) {
      this.of(holder);
    }
  }

  /** Puts everything into the increment, in the order of the first change to each object. */
  writeTo(increment: Increment): void {
    for (const [objectNumber, edited] of this.edited) {
      increment.add(objectNumber, rewrite(edited), edited.holder.generation);
    }
  }

  private of(holder: IndirectObject): Edited {
    if (this.about.isSigned && !this.edited.has(holder.objectNumber) && findSuperseded(holder.value).length > 0) {
      // Readers differ on which one counts, and nobody can compare what they show with what was signed.
      throw new PdfError('DAMAGED', 'each key once in a dictionary that must be changed', 'a key that stands twice');
    }
    const edited = this.edited.get(holder.objectNumber) ?? { holder, keys: new Map(), items: new Map() };
    this.edited.set(holder.objectNumber, edited);
    return edited;
  }
}

interface Edited {
  readonly holder: IndirectObject;
  readonly keys: Map<Dictionary, Map<string, string>>;
  readonly items: Map<PdfArray, string>;
}

/** Bytes from `start` to `end` that are replaced. */
interface Splice {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function rewrite({ holder, keys, items }: Edited): Part[] {
  const { value } = holder;
  if (!(value instanceof Dictionary || value instanceof PdfArray)) {
    throw new PdfError('DAMAGED', `a dictionary or an array as object ${holder.objectNumber}`, 'something else');
  }
  const splices: Splice[] = findSuperseded(value).map((span) => ({ ...span, text: '' }));
  for (const [dictionary, changes] of keys) {
    splices.push(...keySplices(dictionary, changes));
  }
  for (const [array, text] of items) {
    splices.push({ start: array.end - 1, end: array.end - 1, text });
  }
  splices.sort((a, b) => a.start - b.start);
  const parts: Part[] = [];
  let copied = value.start;
  for (const { start, end, text } of splices) {
    parts.push(copySpan(value, copied, start), text);
    copied = end;
  }
  parts.push(copySpan(value, copied, value.end));
  return parts;
}

/** Older signatures survive only what a viewer can see to be the same, so that everything else stays as it was. */
function keySplices({ bytes, end, entries }: Dictionary, changes: ReadonlyMap<string, string>): Splice[] {
  const splices: Splice[] = [];
  let added = '';
  for (const [key, text] of changes) {
    const entry = entries.get(key);
    if (entry === undefined) {
      added += ` /${key} ${text}`;
    } else {
      const { valueStart, valueEnd } = entry;
      // `/Key(value)` needs no space before its value, but what replaces the value may.
      const before = isSpace(bytes[valueStart - 1]) ? '' : ' ';
      splices.push({ start: valueStart, end: valueEnd, text: before + text });
    }
  }
  if (added !== '') {
    splices.push({ start: end - 2, end: end - 2, text: `${added} ` });
  }
  return splices;
}
