import {
  newId,
  objectKeys,
  progressChannel,
  queueJobId,
  queueName,
  queuePrefix,
  signingIntentSchema,
  tokenReportKey,
  tokenReportSchema,
  type Drain,
  type Level,
  type JobOutcome,
  type Progress,
  tokenInventorySchema,
  type StoredJob,
  type StoredStep,
} from '@kyso/contracts';
import { parseCertificatesPem } from '@kyso/cms';
import { bufferSource } from '@kyso/pdf';
import { createSandbox, startSandboxServer, type Sandbox, type SandboxServer } from '@kyso/sandbox';
import { connectRedis, createLogger, verifyAudit } from '@kyso/service';
import { getJson, openStore, putJson, readOutcome, type ObjectStore } from '@kyso/storage';
import { validatePdf } from '@kyso/validation';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Queue } from 'bullmq';
import type { Redis } from 'ioredis';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort, startRedis } from './redis-server.js';
import { memoryHolds } from './process-memory.js';
import { samplePdf, samplePng } from './sample-pdf.js';
import { makeSealingKeys, storeActivation } from './sealing.js';
import { ServiceProcess, startTsaDoor } from './service-process.js';
import { benchPlans, credentialRecord, sealStep, sha256, step } from './workbench.js';

const serviceToken = 'a service token that is long enough for everybody';

/** False also for a zombie, which somebody has yet to reap. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => ') X');
  return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}
async function childrenOf(pid: number): Promise<number[]> {
  const tasks = await readdir(`/proc/${pid}/task`);
  const lists = await Promise.all(tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, 'utf8')));
  return lists.flatMap((list) => list.split(' ').filter(Boolean).map(Number));
}

describe('the signer as a process', () => {
  let folder: string;
  let sandbox: Sandbox;
  let server: SandboxServer;
  let tsa: Awaited<ReturnType<typeof startTsaDoor>>;
  let redisServer: Awaited<ReturnType<typeof startRedis>>;
  let redis: Redis;
  let store: ObjectStore;
  let queue: Queue;
  const running: ServiceProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kyso-service-'));
    const port = await freePort();
    const publicBaseUrl = `http://127.0.0.1:${port}`;
    sandbox = await createSandbox({ folder: join(folder, 'sandbox'), publicBaseUrl, credentials: benchPlans });
    server = await startSandboxServer(sandbox, { port });
    tsa = await startTsaDoor(server.tsaUrl, serviceToken);
    redisServer = await startRedis();
    redis = connectRedis(redisServer.url, createLogger({ service: 'test', level: 'fatal' }));
    store = await openStore({ folder: join(folder, 'store') });
    queue = new Queue(queueName('desk', 'interactive'), { connection: redis, prefix: queuePrefix });
    for (const credential of sandbox.credentials) {
      await putJson(store, objectKeys.credential(credential.credentialId), credentialRecord(credential, 'sha256'));
    }
    await store.put(objectKeys.image(sha256(samplePng)), samplePng);
    const tokens = [
      {
        name: 'desk',
        label: 'desk',
        modulePath: sandbox.softhsmModule,
        pinFile: sandbox.pinFiles['desk'],
        mode: 'usb',
      },
    ];
    await writeFile(join(folder, 'tokens.json'), JSON.stringify(tokens));
    await writeFile(join(folder, 'service-token'), serviceToken, { mode: 0o600 });
  }, 60_000);

  afterEach(async () => {
    await Promise.all(running.splice(0).map((one) => one.end('SIGTERM')));
  });

  afterAll(async () => {
    await queue.close();
    redis.disconnect();
    await redisServer.stop();
    await tsa.close();
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  const start = (name: string, more: Record<string, string> = {}): ServiceProcess => {
    const service = new ServiceProcess({
      SOFTHSM2_CONF: sandbox.softhsmConf,
      KYSO_SIGNER_ID: name,
      KYSO_LISTEN_PORT: '0',
      KYSO_SERVICE_TOKEN_FILE: join(folder, 'service-token'),
      KYSO_STORE_FOLDER: join(folder, 'store'),
      KYSO_REDIS_URL: redisServer.url,
      KYSO_TOKENS_FILE: join(folder, 'tokens.json'),
      KYSO_TRUST_ANCHORS_FILE: sandbox.trustAnchorsFile,
      KYSO_TSA_TRUST_ANCHORS_FILE: sandbox.tsaTrustAnchorsFile,
      KYSO_TSA_PROXY_URL: tsa.url,
      KYSO_REVOCATION_CACHE_URL: 'http://127.0.0.1:9',
      KYSO_AUDIT_FILE: join(folder, `audit-${name}.jsonl`),
      ...more,
    });
    running.push(service);
    return service;
  };
  const submit = async (levels: readonly Level[], seal = false, more: Partial<StoredStep> = {}): Promise<StoredJob> => {
    const documentId = newId('doc');
    await store.put(objectKeys.version(documentId, 0), samplePdf());
    const job: StoredJob = {
      jobId: newId('job'),
      clientId: 'igate',
      documentId,
      expectedVersion: 0,
      requestId: newId('req'),
      lane: 'interactive',
      createdAt: new Date().toISOString(),
      steps: [...levels.map((level) => step(level, more)), ...(seal ? [sealStep('B-B')] : [])],
    };
    await putJson(store, objectKeys.jobRequest(job.jobId), job);
    await putJson(store, objectKeys.openJob(job), {});
    await enqueue(job);
    return job;
  };
  const enqueue = (job: StoredJob): Promise<unknown> => {
    const message = { jobId: job.jobId, step: 0 };
    return queue.add('sign', message, { jobId: queueJobId(message), attempts: 10 });
  };
  const outcomeOf = async (job: StoredJob, withinMs = 25_000): Promise<JobOutcome> => {
    const until = Date.now() + withinMs;
    for (;;) {
      const outcome = await readOutcome(store, job);
      if (outcome !== undefined) return outcome;
      if (Date.now() > until)
        throw new Error(`no outcome of ${job.jobId}\n${running.map((one) => one.log).join('\n')}`);
      await sleep(25);
    }
  };

  const until = async (what: () => boolean): Promise<void> => {
    for (let tries = 0; !what(); tries++) {
      if (tries > 1_000) throw new Error(running.map(({ log }) => log).join('\n'));
      await sleep(30);
    }
  };

  it('signs what the queue gives it, step after step, and tells of its progress and its token', async () => {
    start('one');
    const stages: string[] = [];
    const listener = redis.duplicate();
    await listener.subscribe(progressChannel);
    listener.on('message', (_channel, message: string) => {
      for (const { jobId, stage } of JSON.parse(message) as Progress[]) stages.push(`${jobId} ${stage}`);
    });
    const job = await submit(['B-T'], true);
    const outcome = await outcomeOf(job);
    expect(outcome).toMatchObject({ status: 'completed', steps: [{ level: 'B-T', version: 1 }, { version: 2 }] });
    // What is told last comes after the release that was looked for.
    while (!stages.includes(`${job.jobId} completed`)) await sleep(5);
    for (const stage of ['screened', 'prepared', 'signed', 'timestamped', 'self-checked', 'released', 'completed']) {
      expect(stages).toContain(`${job.jobId} ${stage}`);
    }
    const report = tokenReportSchema.parse(JSON.parse((await redis.hget(tokenReportKey('desk'), 'one')) ?? '{}'));
    expect(report).toMatchObject({ token: 'desk', signerId: 'one', state: 'ready' });
    listener.disconnect();
  }, 60_000);

  it('leaves jobs to the signer that has a ready token of the name, and takes them when none has', async () => {
    const absent = {
      name: 'desk-2',
      serves: 'desk',
      label: 'unplugged',
      modulePath: sandbox.softhsmModule,
      mode: 'usb',
    };
    const tokensFile = join(folder, 'tokens-unplugged.json');
    await writeFile(tokensFile, JSON.stringify([{ ...absent, pinFile: sandbox.pinFiles['desk'] }]));
    const without = start('without', { KYSO_TOKENS_FILE: tokensFile });
    const having = start('with');
    const waits = (): number => [without, having].reduce((sum, { log }) => sum + log.split('step waits').length - 1, 0);
    await until(() => without.log.includes('jobs are left to another signer'));
    for (let jobs = 0; jobs < 6; jobs++) {
      expect(await outcomeOf(await submit(['B-B']))).toMatchObject({ status: 'completed' });
    }
    // A worker that was waiting for a job when it was paused may still be given that one.
    const before = waits();
    expect(before).toBeLessThanOrEqual(1);

    const drain: Drain = {
      token: 'desk',
      reason: 'test',
      drainedBy: 'op',
      at: new Date().toISOString(),
      requestId: 'r',
    };
    await putJson(store, objectKeys.drain('desk'), drain);
    await until(() => without.log.includes('jobs are taken here'));
    const job = await submit(['B-B']);
    await until(() => waits() > before);
    await store.delete(objectKeys.drain('desk'));
    expect(await outcomeOf(job)).toMatchObject({ status: 'completed' });
  }, 90_000);

  it('stops in good order on SIGTERM: exit code 0, no token host left, the report taken away, an audit log that adds up', async () => {
    const service = start('two');
    await outcomeOf(await submit(['B-B']));
    const hosts = await childrenOf(service.pid);
    expect(hosts).toHaveLength(1);
    await service.end('SIGTERM');
    expect(service.exitCode).toBe(0);
    expect(await Promise.all(hosts.map(isAlive))).toEqual([false]);
    expect(await redis.hget(tokenReportKey('desk'), 'two')).toBeNull();
    const log = join(folder, 'audit-two.jsonl');
    expect(await verifyAudit(log)).toMatchObject({ intact: true });
    const pin = (await readFile(sandbox.pinFiles['desk'] ?? '', 'utf8')).trim();
    expect(await readFile(log, 'utf8')).not.toContain(pin);
    expect(service.log).not.toContain(pin);
  }, 60_000);

  it('leaves a PIN that was given by an activation in no log, file, queue or environment, and not in its own memory', async () => {
    const keys = await makeSealingKeys(join(folder, 'activation-keys.json'));
    const desk = { name: 'desk', label: 'desk', modulePath: sandbox.softhsmModule, mode: 'usb' };
    await writeFile(join(folder, 'tokens-without-pin.json'), JSON.stringify([desk]));
    const service = start('activated', {
      KYSO_TOKENS_FILE: join(folder, 'tokens-without-pin.json'),
      KYSO_ACTIVATION_KEYS_FILE: keys.file,
      KYSO_LOG_LEVEL: 'trace',
    });
    const pin = (await readFile(sandbox.pinFiles['desk'] ?? '', 'utf8')).trim();
    // Long and at random, so that nothing else in a process's memory is like it.
    const wrongPin = `wrong-${randomBytes(24).toString('hex')}`;
    const documents = [sha256(samplePdf())];
    const sign = async (given: string): Promise<JobOutcome> => {
      const { activationId } = await storeActivation(store, keys, { pin: given, bounds: { documents } });
      return outcomeOf(await submit(['B-B'], false, { activationId }));
    };
    expect(await sign(pin)).toMatchObject({ status: 'completed' });
    expect(await sign(wrongPin)).toMatchObject({ status: 'failed', failure: { code: 'PIN_INCORRECT' } });

    expect(await memoryHolds(service.pid, Buffer.from('KYSO_ACTIVATION_KEYS_FILE'))).toBe(true);
    for (const encoding of ['latin1', 'utf16le'] as const) {
      expect(await memoryHolds(service.pid, Buffer.from(wrongPin, encoding))).toBe(false);
    }
    const inventory = await getJson(store, objectKeys.inventory('desk'), tokenInventorySchema);
    expect(inventory).toMatchObject({ login: 'activation', signerId: 'activated' });
    const dumps = await Promise.all((await redis.keys('*')).map((key) => redis.dumpBuffer(key)));
    const processes = await Promise.all(
      [service.pid, ...(await childrenOf(service.pid))].flatMap((pid) =>
        ['environ', 'cmdline'].map((file) => readFile(`/proc/${pid}/${file}`)),
      ),
    );
    const files: Buffer[] = [];
    for await (const { key } of store.list('')) {
      if (!key.endsWith('.pdf')) files.push(Buffer.from((await store.get(key)) ?? []));
    }
    const audit = await readFile(join(folder, 'audit-activated.jsonl'));
    const everything = Buffer.concat([
      audit,
      Buffer.from(service.log),
      ...processes,
      ...files,
      ...dumps.map((dump) => dump ?? Buffer.alloc(0)),
    ]);
    expect(audit.includes('activationId')).toBe(true);
    for (const secret of [pin, wrongPin]) expect(everything.includes(secret)).toBe(false);

    // A person looked at it and took it out of quarantine: the right PIN is tried, although the last one was wrong.
    const reported = async (state: string): Promise<void> => {
      for (let tries = 0; tries < 400; tries++) {
        if ((await redis.hget(tokenReportKey('desk'), 'activated'))?.includes(`"${state}"`) === true) return;
        await sleep(50);
      }
    };
    await reported('quarantined');
    await store.delete(objectKeys.quarantine('desk'));
    await reported('ready');
    expect(await sign(pin)).toMatchObject({ status: 'completed' });
  }, 60_000);

  it('loses no job and releases none twice when it is killed again and again', async () => {
    const jobs = await Promise.all(Array.from({ length: 40 }, (_, i) => submit([i % 2 === 0 ? 'B-B' : 'B-T'])));
    for (let kill = 0; kill < 3; kill++) {
      const service = start('three');
      const before = await countOutcomes(jobs);
      for (let i = 0; i < 400 && (await countOutcomes(jobs)) < before + 5; i++) await sleep(5);
      const hosts = await childrenOf(service.pid);
      await service.end('SIGKILL');
      running.splice(running.indexOf(service), 1);
      // Token hosts don't outlive their signer: they would go on holding the PIN.
      for (let i = 0; i < 100 && (await Promise.all(hosts.map(isAlive))).includes(true); i++) await sleep(20);
      expect(await Promise.all(hosts.map(isAlive))).not.toContain(true);
    }
    start('three');
    for (const job of jobs) {
      const outcome = await outcomeOf(job, 60_000);
      expect(outcome).toMatchObject({ status: 'completed', steps: [{ version: 1 }] });
      const released = (await store.get(objectKeys.version(job.documentId, 1))) as Uint8Array;
      expect(sha256(released)).toBe(outcome.steps[0]?.sha256);
      expect(await store.stat(objectKeys.version(job.documentId, 2))).toBeUndefined();
      const trustAnchors = parseCertificatesPem(await readFile(sandbox.trustAnchorsFile, 'utf8'));
      const report = await validatePdf(bufferSource(released), { trustAnchors, now: new Date() });
      expect(report.signatures).toMatchObject([{ integrity: 'passed', coverage: 'whole-file' }]);
      const intent = await getJson(store, objectKeys.intent(job.documentId, 1), signingIntentSchema);
      expect(report.signatures[0]?.signingTime).toBe(intent?.signingTime);
    }
    expect(await verifyAudit(join(folder, 'audit-three.jsonl'))).toMatchObject({ intact: true });
    // The operator's tool finds a reason for every use of a key, also of those that were broken off.
    const tool = fileURLToPath(new URL('../src/audit-main.js', import.meta.url));
    const log = join(folder, 'audit-three.jsonl');
    const { stdout } = await promisify(execFile)(process.execPath, [tool, log, '--store', join(folder, 'store')]);
    const account = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, unknown>;
    expect(account).toMatchObject({ released: jobs.length, releasedWithoutUse: 0, inOrder: true });
  }, 120_000);

  it('goes on from the object store when Redis was wiped and the jobs are added again', async () => {
    const job = await submit(['B-B']);
    await redis.flushall();
    start('four');
    await enqueue(job);
    expect(await outcomeOf(job)).toMatchObject({ status: 'completed' });
    await redis.flushall();
    await enqueue(job);
    await sleep(500);
    expect(await store.stat(objectKeys.version(job.documentId, 2))).toBeUndefined();
    expect(await store.stat(objectKeys.openJob(job))).toBeUndefined();
  }, 60_000);

  it('lets jobs wait while the TSA is away, and says LEVEL_UNREACHABLE when it waited too long', async () => {
    start('five', { KYSO_TSA_PROXY_URL: 'http://127.0.0.1:9', KYSO_LEVEL_WAIT_MS: '1500' });
    const outcome = await outcomeOf(await submit(['B-T']));
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'LEVEL_UNREACHABLE', retryable: true } });
  }, 60_000);

  it('fails jobs with PIN_INCORRECT while the token is in quarantine for a wrong PIN', async () => {
    const wrong = join(folder, 'wrong-pin');
    await writeFile(wrong, '00000000', { mode: 0o600 });
    const [token] = JSON.parse(await readFile(join(folder, 'tokens.json'), 'utf8')) as object[];
    await writeFile(join(folder, 'wrong-tokens.json'), JSON.stringify([{ ...token, pinFile: wrong }]));
    start('six', { KYSO_TOKENS_FILE: join(folder, 'wrong-tokens.json') });
    const outcome = await outcomeOf(await submit(['B-B']));
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'PIN_INCORRECT' } });
    expect(await store.get(objectKeys.quarantine('desk'))).toBeDefined();
  }, 60_000);

  it('says everything that is wrong with its configuration and exits 1', async () => {
    const service = start('seven', {
      KYSO_REDIS_URL: 'nonsense',
      KYSO_TOKENS_FILE: '',
      KYSO_REVOCATION_CHECK: 'perhaps',
    });
    await service.ended;
    running.splice(running.indexOf(service), 1);
    expect(service.exitCode).toBe(1);
    for (const name of ['KYSO_REDIS_URL', 'KYSO_TOKENS_FILE', 'KYSO_REVOCATION_CHECK'])
      expect(service.log).toContain(name);
  }, 60_000);

  const countOutcomes = async (jobs: readonly StoredJob[]): Promise<number> => {
    const found = await Promise.all(jobs.map((job) => readOutcome(store, job)));
    return found.filter((one) => one !== undefined).length;
  };
});
