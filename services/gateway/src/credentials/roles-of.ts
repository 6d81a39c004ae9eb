import type { ApiClientRecord, CredentialRecord, Role } from '@kyso/contracts';

/** The roles in which the client may use it: by its own record or by the credential’s, and only what the key is for. */
export function rolesOf({ record }: { readonly record: CredentialRecord }, client: ApiClientRecord): Role[] {
  const granted = [...own(client.credentials, record.credentialId), ...own(record.clients ?? {}, client.clientId)];
  return [...new Set(granted)].filter((role) => record.roles?.includes(role) ?? true);
}

/** Ids come from callers: `constructor` is no credential. */
function own(rights: Readonly<Record<string, Role[]>>, id: string): readonly Role[] {
  return Object.hasOwn(rights, id) ? (rights[id] ?? []) : [];
}
