import { chmod, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  documentSchema,
  objectKeys,
  queueName,
  queuePrefix,
  signingJobSchema,
  SigningError,
  toFailure,
} from '@kyso/contracts';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { call, type Answer } from './client.js';
import { EventReader } from './event-reader.js';
import { FakeSigner } from './fake-signer.js';
import { makePdf } from './files.js';
import type { Running } from './processes.js';
import { makeWorld, serviceToken, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

const step = { credentialId: 'leader', role: 'leader', level: 'B-B' };
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check().catch(() => false))) await pause(50);
}

async function jobOf(answer: Answer): Promise<string> {
  expect(answer.status).toBe(202);
  return answer.json(signingJobSchema).jobId;
}

describe('when something fails', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let key: string | undefined;
  let signer: FakeSigner | undefined;

  beforeAll(async () => {
    world = await makeWorld();
    key = world.keys['portal'];
  });
  afterAll(() => world.close());
  beforeEach(async () => {
    gateway = await world.startGateway();
    await until(async () => (await call(gateway.baseUrl, 'GET /readyz', { key: serviceToken })).status === 200);
  });
  afterEach(async () => {
    await signer?.close();
    signer = undefined;
    await gateway.stop('SIGKILL');
  });

  async function upload(): Promise<string> {
    const answer = await call(gateway.baseUrl, 'POST /v1/documents', { key, pdf: makePdf() });
    return answer.json(documentSchema).documentId;
  }
  async function post(documentId: string, headers: Record<string, string> = {}): Promise<Answer> {
    const json = { documentId, expectedVersion: 0, steps: [step] };
    return call(gateway.baseUrl, 'POST /v1/signing-jobs', { key, json, headers });
  }
  async function status(jobId: string, baseUrl = gateway.baseUrl): Promise<string> {
    return (await call(baseUrl, `GET /v1/signing-jobs/${jobId}`, { key })).json(signingJobSchema).status;
  }
  async function startSigner(mode: FakeSigner['mode'] = 'work'): Promise<FakeSigner> {
    signer = new FakeSigner(world.store, world.redisUrl);
    // Before it is ready: it takes the first job as soon as it is connected.
    signer.mode = mode;
    await signer.ready();
    return signer;
  }

  it('loses no accepted job when Redis is wiped', async () => {
    const jobIds = await Promise.all(Array.from({ length: 20 }, async () => jobOf(await post(await upload()))));
    const redis = new Redis(world.redisUrl);
    await redis.flushall();
    redis.disconnect();
    const { worked } = await startSigner();
    for (const jobId of jobIds) await until(async () => (await status(jobId)) === 'completed');
    expect(new Set(worked).size).toBe(20);
  });

  it('loses no accepted job when Redis comes back empty, and refuses new ones meanwhile', async () => {
    const jobId = await jobOf(await post(await upload()));
    const documentId = await upload();
    await world.redis.stop('SIGKILL');
    await until(async () => (await post(documentId)).status === 503);
    const refused = await post(documentId);
    expect(refused.problem()).toMatchObject({ code: 'QUEUE_UNAVAILABLE', retryable: true });
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await status(jobId)).toBe('accepted');
    await world.restartRedis();
    await startSigner();
    await until(async () => (await status(jobId)) === 'completed');
    await until(async () => (await post(documentId)).status === 202);
  });

  it('does a job once when two gateways look after it', async () => {
    const other = await world.startGateway();
    const { worked } = await startSigner();
    const jobIds = await Promise.all(Array.from({ length: 20 }, async () => jobOf(await post(await upload()))));
    for (const jobId of jobIds) await until(async () => (await status(jobId, other.baseUrl)) === 'completed');
    await pause(1_000);
    expect(worked.filter((id) => jobIds.includes(id.split('.')[0] ?? ''))).toHaveLength(20);
    await other.stop();
  });

  it('takes over the jobs of a gateway that was killed', async () => {
    const jobId = await jobOf(await post(await upload()));
    const other = await world.startGateway();
    await gateway.stop('SIGKILL');
    const redis = new Redis(world.redisUrl);
    // The lock of the dead one runs out by itself; FLUSHALL takes it away at once.
    await redis.flushall();
    redis.disconnect();
    await startSigner();
    await until(async () => (await status(jobId, other.baseUrl)) === 'completed');
    await other.stop();
  });

  it('runs a job again that the queue gave up without an outcome', async () => {
    const jobId = await jobOf(await post(await upload()));
    const queue = new Queue(queueName('token-a', 'interactive'), {
      connection: { url: world.redisUrl },
      prefix: queuePrefix,
    });
    const job = await queue.getJob(`${jobId}.0`);
    expect(job?.data).toEqual({ jobId, step: 0 });
    // As a worker leaves it behind that threw UnrecoverableError before it could store an outcome.
    await job?.remove();
    await queue.add('sign', { jobId, step: 0 }, { jobId: `${jobId}.0`, attempts: 1 });
    const failing = await startSigner('give-up');
    await until(async () => (await queue.getJobState(`${jobId}.0`)) === 'failed');
    failing.mode = 'work';
    await until(async () => (await status(jobId)) === 'completed');
    await queue.close();
  });

  it('runs a job that was told to wait before the clock was put back by hours', async () => {
    const jobId = await jobOf(await post(await upload()));
    const queue = new Queue(queueName('token-a', 'interactive'), {
      connection: { url: world.redisUrl },
      prefix: queuePrefix,
    });
    await (await queue.getJob(`${jobId}.0`))?.remove();
    await queue.add('sign', { jobId, step: 0 }, { jobId: `${jobId}.0`, delay: 7_200_000 });
    await startSigner();
    await until(async () => (await status(jobId)) === 'completed');
    await queue.close();
  });

  it('removes the mark of a job whose signer died between release and mark', async () => {
    const documentId = await upload();
    await startSigner();
    const jobId = await jobOf(await post(documentId));
    await until(async () => (await status(jobId)) === 'completed');
    const mark = objectKeys.openJob({ jobId, createdAt: new Date(Date.now() - 60_000).toISOString() });
    await world.store.put(mark, Buffer.from('{}'));
    await until(async () => (await world.store.stat(mark)) === undefined);
  });

  it('answers 503 while the store is away, and recovers', async () => {
    const documentId = await upload();
    const [store, away] = [join(world.folder, 'store'), join(world.folder, 'away')];
    await rename(store, away);
    // Where a file stands in the folder's place, the store is broken and not just empty.
    await world.store.put('x', Buffer.from('x')).catch(() => undefined);
    try {
      const uploaded = await call(gateway.baseUrl, 'POST /v1/documents', { key, pdf: makePdf() });
      expect(uploaded.problem()).toMatchObject({ code: 'STORE_UNAVAILABLE', status: 503 });
      expect(uploaded.headers.get('retry-after')).not.toBeNull();
    } finally {
      await chmod(away, 0o700);
      await rename(away, store);
    }
    expect((await post(documentId)).status).toBe(202);
  });

  describe('events', () => {
    it('tell a job from its present state to its end', async () => {
      const slow = await startSigner();
      slow.delayMs = 700;
      const jobId = await jobOf(await post(await upload()));
      const reader = await EventReader.open(gateway.baseUrl, jobId, key);
      expect(reader.response.headers.get('content-type')).toContain('text/event-stream');
      await reader.ended;
      expect(reader.stages()).toEqual(['accepted', 'signed', 'released']);
      expect(reader.events.at(-1)).toMatchObject({ event: 'job', data: { jobId, status: 'completed' } });
      expect(reader.comments).toBeGreaterThanOrEqual(2);
    });

    it('give the end at once when the job has ended', async () => {
      await startSigner();
      const answer = await post(await upload(), { prefer: 'wait=20' });
      const reader = await EventReader.open(gateway.baseUrl, answer.json(signingJobSchema).jobId, key);
      await reader.ended;
      expect(reader.events.map(({ event }) => event)).toEqual(['progress', 'job']);
    });

    it('come to an end without Redis too, since the store is asked', async () => {
      const jobId = await jobOf(await post(await upload()));
      const reader = await EventReader.open(gateway.baseUrl, jobId, key);
      await world.redis.stop('SIGKILL');
      const failure = toFailure(new SigningError('TOKEN_QUARANTINED'));
      await world.store.put(
        objectKeys.jobFailure(jobId),
        Buffer.from(JSON.stringify({ jobId, failedAt: new Date().toISOString(), failure })),
      );
      await reader.ended;
      expect(reader.events.at(-1)).toMatchObject({ event: 'job', data: { status: 'failed' } });
      await world.restartRedis();
    });

    it('hold nothing for a caller that went away', async () => {
      const one = await world.startGateway({ KYSO_MAX_EVENT_STREAMS: '1' });
      const jobId = await jobOf(await post(await upload()));
      for (let i = 0; i < 3; i++) {
        const reader = await EventReader.open(one.baseUrl, jobId, key);
        expect(reader.response.status).toBe(200);
        expect((await EventReader.open(one.baseUrl, jobId, key)).response.status).toBe(429);
        reader.hangUp();
        await pause(200);
      }
      await one.stop('SIGKILL');
    });
  });

  it('ends streams and waits when it is stopped, and exits 0', async () => {
    const jobId = await jobOf(await post(await upload()));
    const reader = await EventReader.open(gateway.baseUrl, jobId, key);
    const waiting = post(await upload(), { prefer: 'wait=60' });
    await pause(300);
    const startedMs = performance.now();
    const code = await gateway.stop('SIGTERM');
    expect(code).toBe(0);
    expect(performance.now() - startedMs).toBeLessThan(5_000);
    await reader.ended;
    expect(reader.events.map(({ event }) => event)).toEqual(['progress']);
    expect((await waiting).status).toBe(202);
  });
});
