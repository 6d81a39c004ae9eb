import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import {
  credentialRecordSchema,
  objectKeys,
  type ApiClientRecord,
  type CredentialRecord,
  type Role,
} from '@kyso/contracts';
import type { Sandbox } from '@kyso/sandbox';
import { getJson, putJson, type ObjectStore } from '@kyso/storage';

/** Reads a secret that an earlier run left in `file`, or makes one of 256 random bits (base64url, mode 0600). */
export async function secretIn(file: string, prefix = ''): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch {
    const secret = prefix + randomBytes(32).toString('base64url');
    await writeFile(file, `${secret}\n`, { mode: 0o600 });
    return secret;
  }
}

/** Writes the sandbox's credentials and one API client that may use all of them, and gives the client's key. */
export async function provision(store: ObjectStore, sandbox: Sandbox, keyFile: string): Promise<string> {
  const rights: Record<string, Role[]> = {};
  for (const credential of sandbox.credentials) {
    // What an administrator has changed since stays as it is.
    const key = objectKeys.credential(credential.credentialId);
    const changed = await getJson(store, key, credentialRecordSchema);
    rights[credential.credentialId] = rolesOf(credential);
    const record: CredentialRecord = {
      credentialId: credential.credentialId,
      kind: credential.kind,
      token: credential.token,
      keyId: credential.keyId,
      scheme: credential.scheme,
      digestAlgorithm: 'sha256',
      certificatesPem: credential.certificatesPem,
      enabled: true,
      // Whoever keeps the seal approves nothing.
      ...(credential.credentialId === 'clerk' ? { roles: ['digitised'] } : {}),
    };
    if (changed?.revision === undefined) await putJson(store, key, record);
  }
  const clientId = 'igate';
  const apiKey = await secretIn(keyFile, `kyso_${clientId}_`);
  const client: ApiClientRecord = {
    clientId,
    name: 'iGate (sandbox)',
    keySha256: createHash('sha256').update(apiKey).digest('hex'),
    scopes: ['documents', 'sign', 'verify', 'operate', 'manage'],
    credentials: rights,
    enabled: true,
  };
  await putJson(store, objectKeys.client(clientId), client);
  return apiKey;
}

function rolesOf({ kind }: Pick<CredentialRecord, 'kind'>): Role[] {
  return kind === 'organisation' ? ['clerk', 'copy', 'attachment', 'incoming', 'digitised'] : ['leader', 'digitised'];
}
