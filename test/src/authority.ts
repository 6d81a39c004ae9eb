import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Cluster } from '@kyso/cli';

/** Makes the sandbox's authorities misbehave (`/faults`) or revoke a certificate (`/revoke`). */
export async function tellAuthority(
  cluster: Pick<Cluster, 'sandbox' | 'sandboxUrl'>,
  path: '/faults' | '/revoke',
  body: unknown,
): Promise<void> {
  const token = (await readFile(join(cluster.sandbox.folder, 'control-token'), 'utf8')).trim();
  const response = await fetch(new URL(path, cluster.sandboxUrl), {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
}
