import { parseCertificatesPem } from '@kyso/cms';
import { credentialRecordSchema, objectKeys, type CredentialRecord } from '@kyso/contracts';
import { getJson, type ObjectStore } from '@kyso/storage';
import type { Holder } from './ports.js';

/** Against a folder that someone filled. */
const maxCredentials = 10_000;

/**
 * Whose certificates are, by their SHA-256 (hexadecimal): all that credentials of the store have or had, whether enabled or
 * not. Reads every credential; the caller keeps the answer for a while.
 */
export async function readHolders(store: ObjectStore): Promise<ReadonlyMap<string, Holder>> {
  const records: CredentialRecord[] = [];
  let count = 0;
  for await (const { key } of store.list(objectKeys.credentialsPrefix)) {
    if (++count > maxCredentials) break;
    const record = await getJson(store, key, credentialRecordSchema);
    if (record !== undefined) records.push(record);
  }
  return holdersOf(records);
}

/** The same, of records that were read. */
export function holdersOf(records: readonly CredentialRecord[]): ReadonlyMap<string, Holder> {
  const found = new Map<string, Holder>();
  for (const record of records) {
    // What was approved before a renewal is still approved.
    for (const { certificatesPem } of [record, ...(record.former ?? [])]) {
      const [certificate] = parseCertificatesPem(certificatesPem);
      if (certificate !== undefined) found.set(certificate.sha256, record);
    }
  }
  return found;
}
