import { createHash } from 'node:crypto';
import type { PdfDocument } from '../document.js';
import { dictionaryOf } from '../reader/indirect-object.js';
import { readSecurityStore, storeKeys } from '../reader/security-store.js';
import { readCatalog } from '../reader/structure.js';
import { Dictionary, Reference } from '../syntax/values.js';
import type { DocumentSecurityStore } from '../types.js';
import { appendTo, type HeldArray, readHeldArray } from './form-update.js';
import { Increment } from './increment.js';
import { asParts, editDictionary, type Part, type Written } from './parts.js';

/**
 * An increment that adds the evidence to /DSS (ETSI EN 319 142-1, 5.4.2; merged with what is there, duplicates left out);
 * undefined when nothing is new. What stands in the store already stays byte for byte. Throws PdfError.
 *
 * No /VRI is written: it is optional, and the store proves the same without it. No /Extensions either: the ESIC entry
 * only announces the store, its /BaseVersion 1.7 contradicts files with an older header (ISO 32000-2, 7.12.3), and one
 * more changed key of the catalog is one more thing that a strict validator may call a change of the signed document.
 */
export async function buildSecurityStore(
  document: PdfDocument,
  evidence: DocumentSecurityStore,
): Promise<Uint8Array | undefined> {
  const { structure } = document;
  const { view } = structure;
  structure.meter.begin();
  const news = leaveOutKnown(await readSecurityStore(view), evidence);
  if (Object.values(news).every((list) => list.length === 0)) {
    return undefined;
  }
  const catalog = await readCatalog(view);
  const value = catalog.dictionary.get('DSS');
  const storeObject = value instanceof Reference ? await view.object(value.objectNumber) : undefined;
  const store = value instanceof Dictionary ? value : dictionaryOf(storeObject);
  const held = new Map<string, HeldArray>();
  for (const { key } of storeKeys) {
    held.set(key, await readHeldArray(view, store?.get(key)));
  }

  const increment = new Increment(structure);
  const changes = new Map<string, Written>();
  for (const { list, key } of storeKeys) {
    const references = addStreams(increment, news[list]);
    const array = references === '' ? undefined : appendTo(increment, held.get(key) ?? nothing, references);
    if (array !== undefined) {
      changes.set(key, array);
    }
  }
  const edited: Part[] =
    store === undefined
      ? ['<< /Type /DSS', ...[...changes].flatMap(([key, array]) => [` /${key} `, ...asParts(array)]), ' >>']
      : editDictionary(store, changes);
  const { object, dictionary } = catalog;
  if (store !== undefined && storeObject !== undefined) {
    if (changes.size > 0) {
      increment.add(storeObject.objectNumber, edited, storeObject.generation);
    }
  } else if (store !== undefined) {
    increment.add(object.objectNumber, editDictionary(dictionary, new Map([['DSS', edited]])), object.generation);
  } else {
    const objectNumber = increment.allocate();
    increment.add(objectNumber, edited);
    const changed = editDictionary(dictionary, new Map([['DSS', `${objectNumber} 0 R`]]));
    increment.add(object.objectNumber, changed, object.generation);
  }
  return increment.layOut(seedOf(news)).bytes;
}

const nothing: HeldArray = { array: undefined, object: undefined };

function leaveOutKnown(known: DocumentSecurityStore, evidence: DocumentSecurityStore): DocumentSecurityStore {
  const news: DocumentSecurityStore = { certificates: [], ocspResponses: [], crls: [] };
  for (const { list } of storeKeys) {
    const seen = new Set(known[list].map(fingerprint));
    for (const der of evidence[list]) {
      const print = fingerprint(der);
      if (!seen.has(print)) {
        seen.add(print);
        news[list].push(der);
      }
    }
  }
  return news;
}

/** Stored as they are: evidence is short and its random parts don't shrink. */
function addStreams(increment: Increment, ders: readonly Uint8Array[]): string {
  const references: string[] = [];
  for (const der of ders) {
    const objectNumber = increment.allocate();
    increment.addStream(objectNumber, '', der);
    references.push(`${objectNumber} 0 R`);
  }
  return references.join(' ');
}

function seedOf(news: DocumentSecurityStore): string {
  return storeKeys.flatMap(({ list }) => news[list].map(fingerprint)).join(' ');
}

function fingerprint(der: Uint8Array): string {
  return createHash('sha256').update(der).digest('base64');
}
