import type { ByteSource } from '../byte-source.js';
import { PdfError } from '../errors.js';
import { defaultPdfLimits, Meter } from '../limits.js';
import { damaged } from '../syntax/parser.js';
import { Dictionary, PdfArray, PdfString, Reference } from '../syntax/values.js';
import type { HybridPolicy, PdfLimits } from '../types.js';
import { encryptionRefusal } from './encryption.js';
import { dictionaryOf, type IndirectObject } from './indirect-object.js';
import { ObjectReader, ObjectView } from './objects.js';
import type { Section } from './section.js';
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
export async function readStructure(source: ByteSource, overrides: Partial<PdfLimits>): Promise<Structure> {
  const limits = { ...defaultPdfLimits, ...overrides };
  const meter = new Meter(limits);
  const ends = await readEnds(source);
  const windows = new WindowReader(source, limits, meter);
  const sections = await readSections(windows, ends.startXref, ends.headerOffset);
  const newest = sections[0];
  if (newest === undefined) {
    throw damaged('a cross-reference section', 'none');
  }
  const view = new ObjectView(new ObjectReader(windows), sections);
  const structure = { source, limits, meter, ends, sections, trailer: newest.trailer, view, computed: new Map() };
  await refuseEncrypted(structure);
  return structure;
}

async function refuseEncrypted({ sections, view }: Structure): Promise<void> {
  // Any section: a later trailer that leaves /Encrypt out makes the content unreadable, not unencrypted.
  const trailer = sections.find((section) => section.trailer.entries.has('Encrypt'))?.trailer;
  if (trailer === undefined) {
    return;
  }
  const encrypt = await view.dictionary(trailer.get('Encrypt'));
  if (encrypt === undefined) {
    throw damaged('a dictionary as /Encrypt', 'something else');
  }
  const identifiers = await view.resolve(trailer.get('ID'));
  const first = identifiers instanceof PdfArray ? identifiers.items[0] : undefined;
  throw encryptionRefusal(encrypt, first instanceof PdfString ? first.decoded() : Buffer.alloc(0));
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
