import { openFolderStore } from './folder-store.js';
import type { ObjectStore } from './object-store.js';
import { openS3Store } from './s3-store.js';
import type { S3Config } from './s3-config.js';

/** Which store, and where. Exactly one of the two. */
export interface StoreConfig {
  readonly folder?: string;
  /** Only for a folder: see FolderStoreOptions. Default true. */
  readonly durable?: boolean;
  /** Only for a folder: see FolderStoreOptions. Default false. */
  readonly background?: boolean;
  readonly s3?: S3Config;
}

/**
 * Opens the store that the configuration names. For S3 it is tried out that the server honours conditional creation.
 * Throws SigningError STORE_UNAVAILABLE, STORE_FULL; TypeError when the configuration names none or both.
 */
export function openStore(config: StoreConfig): Promise<ObjectStore> {
  if ((config.folder === undefined) === (config.s3 === undefined)) {
    return Promise.reject(new TypeError('Object store: expected either a folder or S3'));
  }
  if (config.s3 !== undefined) return openS3Store(config.s3);
  return openFolderStore({
    folder: config.folder ?? '',
    ...(config.durable === undefined ? {} : { durable: config.durable }),
    background: config.background === true,
  });
}
