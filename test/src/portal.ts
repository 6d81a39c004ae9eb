import type { Cluster } from '@kyso/cli';
import { KysoClient, type SigningJob } from '@kyso/client';

/** The client of a portal that asks once: what a test is refused, it wants to see. */
export function portalOf({ baseUrl, apiKey }: Pick<Cluster, 'baseUrl' | 'apiKey'>): KysoClient {
  return new KysoClient({ baseUrl, apiKey, repeat: { tries: 1 } });
}

/** The job when it has ended, also when it failed. Throws when it has not after `timeoutMs`. */
export async function endedJob(client: KysoClient, jobId: string, timeoutMs: number): Promise<SigningJob> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const job = await client.job(jobId);
    if (job.status === 'completed' || job.status === 'failed') return job;
    if (Date.now() > deadline) throw new Error(`job ${jobId} is still ${job.status} after ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
