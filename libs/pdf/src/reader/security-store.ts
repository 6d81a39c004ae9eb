import { Dictionary, PdfArray, Reference } from '../syntax/values.js';
import type { DocumentSecurityStore } from '../types.js';
import type { ObjectView } from './objects.js';
import { readCatalog } from './structure.js';

/** The keys of /DSS with those that /VRI entries use for the same (ETSI EN 319 142-1, 5.4.2.2 and 5.4.2.3). */
export const storeKeys = [
  { list: 'certificates', key: 'Certs', vriKey: 'Cert' },
  { list: 'ocspResponses', key: 'OCSPs', vriKey: 'OCSP' },
  { list: 'crls', key: 'CRLs', vriKey: 'CRL' },
] as const;

/** The /DSS dictionary of one view. */
export async function readStoreDictionary(view: ObjectView): Promise<Dictionary | undefined> {
  return view.dictionary((await readCatalog(view)).dictionary.get('DSS'));
}

/** The evidence in /DSS and its /VRI entries, each stream once. Throws PdfError when one can't be read. */
export async function readSecurityStore(view: ObjectView): Promise<DocumentSecurityStore> {
  const store: DocumentSecurityStore = { certificates: [], ocspResponses: [], crls: [] };
  const dss = await readStoreDictionary(view);
  if (dss === undefined) {
    return store;
  }
  const related = await view.dictionary(dss.get('VRI'));
  const perSignature: Dictionary[] = [];
  for (const { value } of related?.entries.values() ?? []) {
    const entry = await view.dictionary(value);
    if (entry !== undefined) {
      perSignature.push(entry);
    }
  }
  for (const { list, key, vriKey } of storeKeys) {
    const seen = new Set<number>();
    await collect(view, dss.get(key), { seen, into: store[list] });
    for (const entry of perSignature) {
      await collect(view, entry.get(vriKey), { seen, into: store[list] });
    }
  }
  return store;
}

async function collect(
  view: ObjectView,
  value: Parameters<ObjectView['resolve']>[0],
  found: { readonly seen: Set<number>; readonly into: Uint8Array[] },
): Promise<void> {
  const items = await view.resolve(value);
  for (const item of items instanceof PdfArray ? items.items : []) {
    if (!(item instanceof Reference) || found.seen.has(item.objectNumber)) {
      continue;
    }
    found.seen.add(item.objectNumber);
    const object = await view.object(item.objectNumber);
    if (object?.value instanceof Dictionary && object.dataOffset !== undefined) {
      found.into.push(await view.streamData(object));
    }
  }
}
