import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { checkout, startCluster, type Cluster, type ClusterOptions } from '@kyso/cli';

const folder = join(checkout, 'var/bench/cluster');

/** Does the work with a new cluster, of which nothing is left afterwards: a benchmark leaves gigabytes of documents. */
export async function withCluster<T>(
  options: Omit<ClusterOptions, 'folder'>,
  work: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  await rm(folder, { recursive: true, force: true });
  const cluster = await startCluster({ ...options, folder });
  try {
    return await work(cluster);
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}
