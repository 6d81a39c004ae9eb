// INTERFACE STUB: the owner of libs/storage replaces it by the real modules with the same exported names.
import type { ObjectStore } from './object-store.js';
const todo = (): never => {
  throw new Error('stub');
};
export interface StoreConfig {
  /** Exactly one of the two. */
  readonly folder?: string;
  readonly s3?: {
    readonly endpoint: string;
    readonly bucket: string;
    readonly region: string;
    readonly accessKey: string;
    readonly secretKey: string;
  };
}
/** Opens the store that the configuration names; for S3 checks that If-None-Match is honoured unless told otherwise. */
export function openStore(_config: StoreConfig): Promise<ObjectStore> {
  return todo();
}
interface Schema<T> {
  parse(value: unknown): T;
}
export function getJson<T>(_store: ObjectStore, _key: string, _schema: Schema<T>): Promise<T | undefined> {
  return todo();
}
export function putJson(_store: ObjectStore, _key: string, _value: unknown): Promise<void> {
  return todo();
}
export function createJson(_store: ObjectStore, _key: string, _value: unknown): Promise<boolean> {
  return todo();
}
/** Random access to a stored object for libs/pdf (same shape as its ByteSource). An object of at most `wholeBelowBytes` (default 8 MiB) is read once and kept in memory; a larger one by ranges with cached blocks. */
export function openObjectSource(
  _store: ObjectStore,
  _key: string,
  _options?: { wholeBelowBytes?: number },
): Promise<
  | { readonly size: number; read(offset: number, length: number): Promise<Uint8Array>; close(): Promise<void> }
  | undefined
> {
  return todo();
}
