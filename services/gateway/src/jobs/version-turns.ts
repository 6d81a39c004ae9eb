import type { DocumentRecord } from '@kyso/contracts';
import { takeTurn, type ObjectStore } from '@kyso/storage';
import { awaitsTimestamp, type DocumentShelf } from '../documents/document-shelf.js';

/** Keeps jobs and later time-stamps of the same document out of each other's way. */
export class VersionTurns {
  constructor(private readonly parts: { readonly shelf: DocumentShelf; readonly store: ObjectStore }) {}

  /**
   * Takes the turn to make the version after `version` for a job. Only documents that wait for a time-stamp have turns. False
   * while a signer is adding one; another job may have it too: which of them is stale, the signer sees.
   */
  async take(next: { readonly document: DocumentRecord; readonly version: number }, jobId: string): Promise<boolean> {
    const { shelf, store } = this.parts;
    const { document, version } = next;
    if (version === 0 || !awaitsTimestamp(await shelf.allVersions(document))) return true;
    const wanted = { documentId: document.documentId, version: version + 1 };
    const other = await takeTurn(store, wanted, { holder: jobId, at: new Date().toISOString() });
    return other?.holder !== 'timestamp';
  }
}
