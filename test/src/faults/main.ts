import { cp, readFile, writeFile } from 'node:fs/promises';
import { arch, availableParallelism, platform } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkout } from '@kyso/cli';
import { openWorld, WorldUnavailable } from './open-world.js';
import { summarise, tableOf, type NotRun, type RecordedRun } from './results.js';
import { brokenOff, runScenario, warmUp, type ScenarioResult } from './run-scenario.js';
import type { Scenario } from './scenario.js';
import { lanes, scenarios } from './scenarios/index.js';
import type { World, WorldKind } from './world.js';

const usage = `Usage: npm run faults -- [options]
  --seed N       what is sent, and when it breaks (default: chosen by the clock, and printed)
  --only NAME    scenarios whose name contains it; may be repeated
  --times K      the whole with K seeds in a row (default 1): N, N + 1, …; 0 with --with: nothing is run
  --with FILE    what an earlier run printed counts as well; may be repeated
  --documents N  documents around each fault (default 8)
  --record       writes docs/faults.json, of which docs/generate.mjs makes the table in docs/faults.md
Exit code: 0 no demand was violated, 1 one was, 2 bad arguments`;

/** Outputs of each scenario that pdfsig, qpdf and openssl judge. */
const judged = 2;
const worlds: readonly WorldKind[] = ['plain', 'small-disk', 's3', 'clock'];

interface Options {
  readonly seed: number;
  readonly times: number;
  readonly documents: number;
  readonly only: readonly string[];
  readonly with: readonly string[];
  readonly record: boolean;
}

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) return 2;
  const { only } = options;
  const wanted = scenarios.filter(({ name }) => only.length === 0 || only.some((part) => name.includes(part)));
  say(`seed ${options.seed}, ${wanted.length} scenarios, ${options.times} times`);
  const results = (await Promise.all(options.with.map(printed))).flat();
  const notRun: NotRun[] = [];
  await Promise.all(
    lanes.map(async (lane, number) => {
      for (let n = 0; n < options.times; n++) {
        const into = { options: { ...options, seed: options.seed + n }, results, notRun };
        for (const kind of worlds) {
          const mine = lane.filter((scenario) => scenario.world === kind && wanted.includes(scenario));
          const folder = join(checkout, 'var/faults', `${number}-${kind}`);
          if (mine.length > 0) await runInWorld({ kind, folder }, mine, into);
        }
      }
    }),
  );
  const summaries = summarise(wanted, results);
  process.stdout.write(`${tableOf(summaries)}\n`);
  for (const { scenario, reason } of notRun) process.stdout.write(`not run: ${scenario}: ${reason}\n`);
  const bad = results.filter(({ ok }) => !ok);
  for (const { scenario, seed, violations } of bad) {
    for (const violation of violations) process.stdout.write(`VIOLATION ${scenario} (seed ${seed}): ${violation}\n`);
  }
  process.stdout.write(`${results.length} runs, ${bad.length} with violations, ${notRun.length} scenarios not run\n`);
  const seeds = new Set(results.map(({ seed }) => seed));
  if (options.record) await record(seeds, { notRun, scenarios: summaries });
  return bad.length === 0 && results.length > 0 ? 0 : 1;
}

/** The results that an earlier run printed, a line each. */
async function printed(file: string): Promise<ScenarioResult[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.startsWith('{"scenario"'));
  return lines.map((line) => JSON.parse(line) as ScenarioResult);
}

async function record(seeds: ReadonlySet<number>, outcome: Pick<RecordedRun, 'notRun' | 'scenarios'>): Promise<void> {
  const machine = `${availableParallelism()} cores, Node ${process.version.slice(1)}, ${platform()} ${arch()}`;
  const run: RecordedRun = {
    date: new Date().toISOString().slice(0, 10),
    machine,
    firstSeed: Math.min(...seeds),
    times: seeds.size,
    ...outcome,
  };
  await writeFile(join(checkout, 'docs/faults.json'), `${JSON.stringify(run, undefined, 2)}\n`);
}

interface Collecting {
  readonly options: Options;
  readonly results: ScenarioResult[];
  readonly notRun: NotRun[];
}

/** The scenarios of one lane in one world, with one seed; after a run that broke off the next one gets a new world. */
async function runInWorld(where: Where, mine: readonly Scenario[], into: Collecting): Promise<void> {
  const { seed, documents } = into.options;
  let world: World | undefined;
  try {
    for (const scenario of mine) {
      world ??= await openWarm(where);
      const options = { seed, documents, judged };
      let broken = false;
      const result = await runScenario(world, scenario, options).catch((error: unknown) => {
        broken = true;
        return brokenOff(scenario, options, error);
      });
      into.results.push(result);
      process.stdout.write(`${JSON.stringify(result)}\n`);
      if (!result.ok) await keepLogs(world, result);
      if (broken) {
        await close(world);
        world = undefined;
      }
    }
  } catch (error) {
    if (!(error instanceof WorldUnavailable)) throw error;
    const known = new Set(into.notRun.map(({ scenario }) => scenario));
    for (const { name } of mine) if (!known.has(name)) into.notRun.push({ scenario: name, reason: error.message });
  } finally {
    if (world !== undefined) await close(world);
  }
}

/** What happened has to be found out from them; the next scenario or seed overwrites them. */
async function keepLogs(world: World, { scenario, seed }: ScenarioResult): Promise<void> {
  const kept = join(checkout, 'var/faults/violations', `${scenario}-${seed}`);
  await cp(join(world.parts.cluster.folder, 'logs'), kept, { recursive: true });
  say(`logs of ${scenario} (seed ${seed}): ${kept}`);
}

interface Where {
  readonly kind: WorldKind;
  readonly folder: string;
}

async function openWarm({ kind, folder }: Where): Promise<World> {
  const world = await openWorld(kind, folder);
  open.add(world);
  try {
    await warmUp(world);
    return world;
  } catch (error) {
    await close(world);
    throw error;
  }
}

async function close(world: World): Promise<void> {
  open.delete(world);
  await world.close();
}

/** Worlds that run now. */
const open = new Set<World>();

/** A mounted disk and a cluster outlive nobody. */
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(
    signal,
    () => void Promise.all(Array.from(open, (world) => world.close())).finally(() => process.exit(130)),
  );
}

function readOptions(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        seed: { type: 'string' },
        only: { type: 'string', multiple: true, default: [] },
        with: { type: 'string', multiple: true, default: [] },
        times: { type: 'string', default: '1' },
        documents: { type: 'string', default: '8' },
        record: { type: 'boolean', default: false },
      },
    });
    const seed = values.seed === undefined ? Math.floor(Date.now() / 1000) % 100_000 : Number(values.seed);
    const [times, documents] = [Number(values.times), Number(values.documents)];
    if (!Number.isInteger(seed) || seed < 0) throw new Error('expected --seed to be a whole number');
    if (!Number.isInteger(times) || times < (values.with.length > 0 ? 0 : 1)) {
      throw new Error('expected --times to be 1 or more');
    }
    if (!Number.isInteger(documents) || documents < 4) throw new Error('expected --documents to be 4 or more');
    return { seed, times, documents, only: values.only, with: values.with, record: values.record };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n${usage}\n`);
    return undefined;
  }
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

process.exitCode = await main();
