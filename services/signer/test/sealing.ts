import { newId, objectKeys, type ActivationBounds, type ActivationRecord } from '@kyso/contracts';
import { putJson, type ObjectStore } from '@kyso/storage';
import { CompactEncrypt, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';

type Alg = 'ECDH-ES+A256KW' | 'RSA-OAEP-256';

/** Keys to which PINs are sealed: the public ones, and a secret file with the private ones for token hosts. */
export interface SealingKeys {
  readonly publicKeys: readonly JWK[];
  readonly file: string;
}

export async function makeSealingKeys(file: string): Promise<SealingKeys> {
  const pairs = await Promise.all(
    (['ECDH-ES+A256KW', 'RSA-OAEP-256'] as const).map(async (alg) => {
      const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
      const about = { kid: `key-${alg}`, alg, use: 'enc' };
      return {
        open: { ...(await exportJWK(publicKey)), ...about },
        secret: { ...(await exportJWK(privateKey)), ...about },
      };
    }),
  );
  await writeFile(file, JSON.stringify({ keys: pairs.map(({ secret }) => secret) }), { mode: 0o600 });
  return { publicKeys: pairs.map(({ open }) => open), file };
}

/** What a caller does: the plaintext to a compact JWE. */
export async function seal(keys: SealingKeys, plaintext: object, alg: Alg = 'ECDH-ES+A256KW'): Promise<string> {
  const jwk = keys.publicKeys.find((key) => key.alg === alg);
  if (jwk === undefined) throw new Error(`no key for ${alg}`);
  return new CompactEncrypt(Buffer.from(JSON.stringify(plaintext)))
    .setProtectedHeader({ alg, enc: 'A256GCM', kid: jwk.kid as string })
    .encrypt(await importJWK(jwk, alg));
}

/** Stores an activation as the gateway does; `sealed` is what the caller put into the JWE where it differs. */
export async function storeActivation(
  store: ObjectStore,
  keys: SealingKeys,
  made: {
    readonly pin: string;
    readonly bounds: Partial<ActivationBounds>;
    readonly alg?: Alg;
    readonly sealed?: object;
  },
): Promise<ActivationBounds> {
  const bounds: ActivationBounds = {
    activationId: newId('act'),
    clientId: 'igate',
    credentialId: 'leader',
    count: 1,
    documents: [],
    expiresAt: new Date(Date.now() + 60_000).toISOString(),
    ...made.bounds,
  };
  const sealedPin = await seal(keys, { ...bounds, pin: made.pin, ...made.sealed }, made.alg);
  const record: ActivationRecord = {
    ...bounds,
    sealedPinSha256: createHash('sha256').update(sealedPin).digest('hex'),
    createdAt: new Date().toISOString(),
    requestId: newId('req'),
  };
  await store.put(objectKeys.sealedPin(bounds), Buffer.from(sealedPin));
  await putJson(store, objectKeys.activation(bounds.activationId), record);
  return bounds;
}
