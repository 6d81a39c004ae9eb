import { objectKeys } from '@kyso/contracts';
import type { ObjectStore } from '@kyso/storage';

/** What lies in the store under a document's id. */
export interface DocumentObjects {
  readonly documentId: string;
  readonly keys: ReadonlySet<string>;
  readonly bytes: number;
}

/** All documents, also erased ones, one after the other. */
export function allDocuments(store: ObjectStore): AsyncGenerator<DocumentObjects> {
  return documentsBelow(store, objectKeys.documentsPrefix);
}

export async function documentObjects(store: ObjectStore, documentId: string): Promise<DocumentObjects> {
  const { value } = await documentsBelow(store, objectKeys.documentPrefix(documentId)).next();
  return value ?? { documentId, keys: new Set(), bytes: 0 };
}

/** A listing gives the objects of one document together. */
async function* documentsBelow(store: ObjectStore, prefix: string): AsyncGenerator<DocumentObjects, undefined> {
  let documentId: string | undefined;
  let keys = new Set<string>();
  let bytes = 0;
  for await (const { key, sizeBytes } of store.list(prefix)) {
    const id = key.split('/')[1] ?? '';
    if (documentId !== undefined && id !== documentId) {
      yield { documentId, keys, bytes };
      keys = new Set();
      bytes = 0;
    }
    documentId = id;
    keys.add(key);
    bytes += sizeBytes;
  }
  if (documentId !== undefined) yield { documentId, keys, bytes };
}

/** True when a version is claimed and not released, or released and not yet recorded: a signer is at it, or will be again. */
export function isBeingSigned({ documentId, keys }: DocumentObjects): boolean {
  for (const key of keys) {
    const [, version] = /\/(\d+)\.intent\.json$/.exec(key) ?? [];
    if (version === undefined) continue;
    const released = keys.has(objectKeys.release(documentId, Number(version)));
    if (!released) return true;
  }
  return false;
}
