import type { ByteSource } from '../byte-source.js';
import { openEncryption } from '../encryption/security-handler.js';
import { PdfError } from '../errors.js';
import { defaultPdfLimits, Meter } from '../limits.js';
import type { Amendment } from '../repair/amendments.js';
import { damaged } from '../syntax/parser.js';
import { type Dictionary, Reference } from '../syntax/values.js';
import type { HybridPolicy, OpenOptions, PdfLimits } from '../types.js';
import { dictionaryOf, type IndirectObject } from './indirect-object.js';
import { ObjectReader, ObjectView } from './objects.js';
import type { Section, XrefEntry } from './section.js';
import { type Ends, readEnds } from './tail.js';
import { WindowReader } from './window.js';
import { readSections } from './xref-chain.js';

/** The skeleton of a document that everything else is read through. */
export interface Structure {
  readonly source: ByteSource;
  readonly limits: PdfLimits;
  readonly meter: Meter;
  readonly ends: Ends;
  /** From the newest to the oldest. */
  readonly sections: readonly Section[];
  /** The trailer of the newest section. */
  readonly trailer: Dictionary;
  /** The objects of the whole file. */
  readonly view: ObjectView;
  /** What `once` has computed. */
  readonly computed: Map<symbol, unknown>;
  readonly repairPolicy: 'allow' | 'refuse';
  /** Of a damaged file that was read by scanning it. */
  readonly repair?: Repair;
}

/** What an increment on a repaired file must hold besides its own objects. */
export interface Repair {
  /** What was expected and what was found, in English. */
  readonly reason: string;
  /** Where every live object is. */
  readonly entries: ReadonlyMap<number, XrefEntry>;
  /** Objects to be written anew. */
  readonly amendments: readonly Amendment[];
}

/**
 * What `compute` gives, kept with the document under `key`. Not in a WeakMap: its values outlive the documents until the
 * next full collection, which a server that reads thousands of documents a minute pays for in every collection before it.
 */
export function once<T>(structure: Structure, key: symbol, compute: () => T): T {
  if (structure.computed.has(key)) {
    return structure.computed.get(key) as T;
  }
  const value = compute();
  structure.computed.set(key, value);
  return value;
}

/** Reads header, tail and cross-reference data. Throws PdfError. */
export async function readStructure(source: ByteSource, options: OpenOptions): Promise<Structure> {
  const limits = { ...defaultPdfLimits, ...options.limits };
  const meter = new Meter(limits);
  const ends = await readEnds(source);
  const windows = new WindowReader(source, limits, meter);
  const sections = await readSections(windows, ends.startXref, ends.headerOffset);
  const newest = sections[0];
  if (newest === undefined) {
    throw damaged('a cross-reference section', 'none');
  }
  const readerOf = (): ObjectReader => new ObjectReader(windows);
  const view = await openView(windows, { sections, readerOf }, options.password);
  const repairPolicy = options.repair ?? 'allow';
  return { source, limits, meter, ends, sections, trailer: newest.trailer, view, computed: new Map(), repairPolicy };
}

/** The objects of a document, decrypted where it is encrypted; `readerOf` makes a reader with an empty cache. */
export async function openView(
  windows: WindowReader,
  { sections, readerOf }: { readonly sections: readonly Section[]; readonly readerOf: () => ObjectReader },
  password: string | undefined,
): Promise<ObjectView> {
  const view = new ObjectView(readerOf(), sections);
  windows.securityHandler = await openEncryption(view, sections, password);
  // What was read on the way is kept with its strings as plain ones.
  return windows.securityHandler === undefined ? view : new ObjectView(readerOf(), sections);
}

/**
 * Refuses a hybrid file (ISO 32000-2, 7.5.8.4) where the policy says so: readers older than PDF 1.5 don't see what stands
 * in /XRefStm. All others read the table first and the stream for what it lacks, as this one does. Throws PdfError HYBRID.
 */
export function assertHybridPolicy({ sections }: Structure, policy: HybridPolicy = 'sign'): void {
  if (policy === 'refuse' && sections.some((section) => section.hybrid)) {
    throw new PdfError('HYBRID', 'one kind of cross-reference data', 'a table with /XRefStm');
  }
}

/** The catalog (ISO 32000-2, 7.7.2) as a view has it; it must be an indirect object. Throws PdfError DAMAGED. */
export async function readCatalog(
  view: ObjectView,
): Promise<{ readonly object: IndirectObject; readonly dictionary: Dictionary }> {
  const root = view.sections[0]?.trailer.get('Root');
  const object = root instanceof Reference ? await view.object(root.objectNumber) : undefined;
  const dictionary = dictionaryOf(object);
  if (object === undefined || dictionary === undefined) {
    throw damaged('a catalog', 'none');
  }
  return { object, dictionary };
}
