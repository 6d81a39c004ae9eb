import type { Actor, ApiClientRecord } from '@kyso/contracts';

/** Who did something, as it is kept in records: the client, and the official on whose behalf it acted. */
export function nameOf(client: ApiClientRecord, actor: Actor | undefined): string {
  return actor === undefined ? client.clientId : `${client.clientId}/${actor.id}`;
}
