import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KysoClient } from '@kyso/client';
import { setUpTemplates, type Shop } from '@kyso/client/examples/dossier';
import { checkout, type Cluster } from './cluster.js';

/** Bytes of a file in `samples/`. */
export async function sample(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(join(checkout, 'samples', name)));
}

/** The one-stop shop of the sandbox, with its templates made in the cluster. */
export async function openShop(cluster: Cluster): Promise<{ readonly client: KysoClient; readonly shop: Shop }> {
  const client = new KysoClient(cluster);
  const shop: Shop = {
    leader: 'leader',
    clerk: 'clerk',
    organisation: 'organisation',
    signaturePng: await sample('chu-ky-lanh-dao.png'),
    sealPng: await sample('con-dau.png'),
  };
  await setUpTemplates(client, shop);
  return { client, shop };
}
