import { readFile } from 'node:fs/promises';
import { activationKeysSchema, type ActivationKeys } from '@kyso/contracts';
import { z } from 'zod';

/** Members of a JWK that only a private or a symmetric key has (RFC 7518, 6). */
const secretMembers = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/**
 * The public keys to which callers seal PINs, from a JWK Set (RFC 7517). They come from the operator and not from the store or
 * Redis: whoever could put a key of his own there would be given PINs. Throws an Error that says what is wrong, also when
 * the file holds a private key, and never what is in it.
 */
export async function readActivationKeys(path: string): Promise<ActivationKeys> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch {
    throw new Error(`KYSO_ACTIVATION_KEYS_FILE: expected a JWK Set in ${path}, found something else or nothing`);
  }
  const keys = (json as { keys?: unknown } | null)?.keys;
  if (Array.isArray(keys) && keys.some(isSecret)) {
    throw new Error(
      `KYSO_ACTIVATION_KEYS_FILE: expected public keys only in ${path}, found a private one; it belongs to signers`,
    );
  }
  const parsed = activationKeysSchema.refine((set) => set.keys.length > 0, 'expected at least one key').safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Error(`KYSO_ACTIVATION_KEYS_FILE ${path}:\n${z.prettifyError(parsed.error)}`);
}

function isSecret(key: unknown): boolean {
  return typeof key === 'object' && key !== null && secretMembers.some((member) => Object.hasOwn(key, member));
}
