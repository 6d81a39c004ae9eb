import { SigningError } from '@kyso/contracts';
import type { ObjectStore } from './object-store.js';

/** Anything that parses: a zod schema. */
export interface Schema<T> {
  parse(value: unknown): T;
}

/**
 * A small JSON object, checked by its schema; undefined when absent.
 * Throws SigningError INTERNAL when what is stored is not what the schema says, STORE_UNAVAILABLE.
 */
export async function getJson<T>(store: ObjectStore, key: string, schema: Schema<T>): Promise<T | undefined> {
  const bytes = await store.get(key);
  if (bytes === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')));
  } catch (error) {
    throw new SigningError('INTERNAL', { expected: `a record that fits at ${key}`, found: 'another', cause: error });
  }
}

/** Stores the value as JSON (UTF-8), replacing what is there. Throws SigningError STORE_UNAVAILABLE, STORE_FULL. */
export function putJson(store: ObjectStore, key: string, value: unknown): Promise<void> {
  return store.put(key, Buffer.from(JSON.stringify(value)));
}

/** Stores the value as JSON (UTF-8) if the key is free; false when it was taken. Throws as putJson. */
export function createJson(store: ObjectStore, key: string, value: unknown): Promise<boolean> {
  return store.create(key, Buffer.from(JSON.stringify(value)));
}
