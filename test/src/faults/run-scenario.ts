import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkout } from '@kyso/cli';
import type { SigningStep } from '@kyso/client';
import type { Level } from '@kyso/contracts';
import { Random } from '../random.js';
import { checkDocument, type StoredDocument } from './documents-check.js';
import { checkKeyUses, markKeyUses, type KeyUses } from './key-uses.js';
import { checkOutputs } from './outputs-check.js';
import type { Scenario } from './scenario.js';
import { planDocuments, sealedDocument, type DocumentPlan, type SentDocument } from './document-plans.js';
import { send, Traffic } from './traffic.js';
import type { World } from './world.js';

/** How one scenario went; one line of the output. */
export interface ScenarioResult {
  readonly scenario: string;
  readonly seed: number;
  readonly ok: boolean;
  readonly documents: number;
  readonly completed: number;
  /** How many failed or were refused, by code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly versions: number;
  readonly keyUses: KeyUses;
  /** From the healing (or the kill) to the next document that is completed, milliseconds; null where nothing was to heal. */
  readonly nextSignatureMs: number | null;
  /** From the healing (or the kill) until every document that was open then has ended, milliseconds. */
  readonly allEndedMs: number | null;
  readonly tookMs: number;
  readonly violations: readonly string[];
}

export interface RunOptions {
  readonly seed: number;
  /** Documents that are on their way when it breaks, some of them; more follow while it is broken, and one when it is healed. */
  readonly documents: number;
  /** How many outputs other people's programs look at. */
  readonly judged: number;
}

const defaultLevels: readonly Level[] = ['B-B', 'B-T', 'B-LT'];

/** Sends documents, breaks something at a moment that the seed decides, heals it, and counts. */
export async function runScenario(world: World, scenario: Scenario, options: RunOptions): Promise<ScenarioResult> {
  const startedMs = performance.now();
  const random = new Random(options.seed ^ hashOf(scenario.name));
  const violations: string[] = [];
  const complain = (what: string): void => void violations.push(what);
  const mark = await markKeyUses(world);
  const traffic = new Traffic(world.client, complain);
  const { healedMs, openBefore } = await breakAndHeal(world, scenario, {
    traffic,
    random,
    documents: options.documents,
  });

  if ((await scenario.wasFelt?.(world, mark)) === false) complain('the fault was not felt');
  if (scenario.expected.kind === 'completed-after-healing' && openBefore.length === 0) {
    complain('no document had to wait for the healing');
  }
  const documents = await checkStore(world, traffic.sent, complain);
  const keyUses = await checkKeyUses(world, mark, { documents, complain });
  await checkOutputs(world, { documents, judged: options.judged, random }, complain);
  const failures = failuresOf(traffic.sent);
  checkFailures(scenario, failures, complain);
  const completed = traffic.sent.filter(({ ended }) => ended?.status === 'completed');
  return {
    scenario: scenario.name,
    seed: options.seed,
    ok: violations.length === 0,
    documents: traffic.sent.length,
    completed: completed.length,
    failures,
    versions: documents.reduce((sum, { releases }) => sum + releases.length, 0),
    keyUses,
    nextSignatureMs: healedMs === undefined ? null : Math.min(...endsAfter(healedMs, completed)),
    allEndedMs: healedMs === undefined ? null : Math.max(0, ...endsAfter(healedMs, openBefore)),
    tookMs: Math.round(performance.now() - startedMs),
    violations,
  };
}

/**
 * The scenario itself, until every document has ended. `healedMs`: when it was healed, or broken where it heals by itself;
 * undefined where every document was completed while it was broken. `openBefore`: those that had not ended then.
 */
async function breakAndHeal(
  world: World,
  scenario: Scenario,
  { traffic, random, documents }: { readonly traffic: Traffic; readonly random: Random; readonly documents: number },
): Promise<{ readonly healedMs: number | undefined; readonly openBefore: readonly SentDocument[] }> {
  const { levels = defaultLevels, patienceMs = 120_000 } = scenario;
  const pdfs = await Promise.all(['quyet-dinh.pdf', 'quyet-dinh-cho-so.pdf'].map(sample));
  const plan = (count: number): DocumentPlan[] => planDocuments(random, { count, levels, pdfs });
  if (scenario.warmCache === true) {
    await traffic.post(pdfs.slice(0, 1).map(sealedDocument));
    await traffic.allEnded();
  }
  const sentBefore = traffic.sent.length;
  if (scenario.slowToken === true) await world.shim.order('slow');
  const posting = traffic.post(plan(documents));
  const breakAfter = sentBefore + 1 + random.below(documents);
  while (traffic.sent.length < breakAfter) await sleep(5);
  await sleep(random.below(150));
  await scenario.breakIt(world, random);
  const brokenMs = performance.now();
  await posting;
  await traffic.post(plan(scenario.sentAfter ?? levels.length));
  if (scenario.expected.kind === 'completed') {
    traffic.allow(patienceMs);
    await traffic.allEnded();
  } else if (scenario.healIt !== undefined) {
    const [least, most] = scenario.brokenMs ?? [1_500, 3_000];
    await sleep(Math.max(0, brokenMs + least + random.below(most - least) - performance.now()));
  }
  const openBefore = traffic.open;
  const healedMs = scenario.healIt === undefined ? brokenMs : performance.now();
  traffic.allow(patienceMs);
  await scenario.healIt?.(world);
  await traffic.post(plan(1));
  await traffic.allEnded();
  if (scenario.slowToken === true) await world.shim.order();
  return { healedMs: scenario.expected.kind === 'completed' ? undefined : healedMs, openBefore };
}

/** Milliseconds from `sinceMs` to the ends of those that ended later. */
function endsAfter(sinceMs: number, documents: readonly SentDocument[]): number[] {
  return documents.flatMap(({ endedAtMs = 0 }) => (endedAtMs > sinceMs ? [Math.round(endedAtMs - sinceMs)] : []));
}

/** The result of a run that threw: nothing is known of its documents. */
export function brokenOff({ name }: Scenario, { seed }: RunOptions, error: unknown): ScenarioResult {
  return {
    scenario: name,
    seed,
    ok: false,
    documents: 0,
    completed: 0,
    failures: {},
    versions: 0,
    keyUses: { atToken: 0, repeated: 0, lost: 0, logins: 0, refusedLogins: 0 },
    nextSignatureMs: null,
    allEndedMs: null,
    tookMs: 0,
    violations: [`the run broke off: ${error instanceof Error ? error.message : String(error)}`],
  };
}

/** Every token is ready, and every cache and connection has been used once. Throws when not even that works. */
export async function warmUp(world: World): Promise<void> {
  await world.tokensReady();
  const end = performance.now() + 60_000;
  const steps: SigningStep[] = [
    { credentialId: 'leader', role: 'leader', level: 'B-LT' },
    { credentialId: 'organisation', role: 'clerk', level: 'B-LT' },
  ];
  const sent: SentDocument = { plan: { pdf: await sample('quyet-dinh.pdf'), steps, pauseMs: 0, inBatch: false } };
  await send(world.client, sent, () => end);
  if (sent.ended?.status !== 'completed') throw new Error(`expected a document to be signed, found ${sent.refused}`);
}

async function sample(name: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await readFile(join(checkout, 'samples', name)));
}

/** A seed of its own for each scenario, so that `--only` does what the whole suite does. */
function hashOf(name: string): number {
  let hash = 0;
  for (const char of name) hash = (Math.imul(hash, 31) + (char.codePointAt(0) ?? 0)) | 0;
  return hash;
}

async function checkStore(
  world: World,
  sent: readonly SentDocument[],
  complain: (what: string) => void,
): Promise<StoredDocument[]> {
  const { store } = world.parts;
  const documents: StoredDocument[] = [];
  for (const one of sent) {
    if (one.documentId === undefined) continue;
    documents.push(await checkDocument(store, { ...one, documentId: one.documentId }, complain));
  }
  // The mark of a job goes last, after its outcome can be seen.
  const open = async (): Promise<string[]> => {
    const keys: string[] = [];
    for (const prefix of ['open-jobs/', 'open-timestamps/', 'open-batches/'])
      for await (const { key } of store.list(prefix)) keys.push(key);
    return keys;
  };
  const end = performance.now() + 30_000;
  while ((await open()).length > 0 && performance.now() < end) await sleep(200);
  for (const key of await open()) complain(`${key} is still there`);
  return documents;
}

function failuresOf(sent: readonly SentDocument[]): Record<string, number> {
  const failures: Record<string, number> = {};
  for (const { refused, ended } of sent) {
    const code = refused ?? ended?.failure?.code;
    if (code !== undefined) failures[code] = (failures[code] ?? 0) + 1;
  }
  return failures;
}

function checkFailures(
  { expected }: Scenario,
  failures: Readonly<Record<string, number>>,
  complain: (what: string) => void,
): void {
  const allowed: readonly string[] = expected.kind === 'failed' ? expected.codes : [];
  for (const [code, count] of Object.entries(failures)) {
    if (!allowed.includes(code)) complain(`${count} failed with ${code}, which is not expected here`);
  }
  if (expected.kind === 'failed' && Object.keys(failures).length === 0)
    complain('nothing failed: the fault was not felt');
}
