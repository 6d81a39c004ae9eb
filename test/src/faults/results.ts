import type { ScenarioResult } from './run-scenario.js';
import type { Scenario } from './scenario.js';

/** A scenario that this machine can't run, and why. */
export interface NotRun {
  readonly scenario: string;
  readonly reason: string;
}

/** Median and longest over several runs, milliseconds. */
export interface Spread {
  readonly median: number;
  readonly longest: number;
}

/** All runs of one scenario together. */
export interface ScenarioSummary {
  readonly scenario: string;
  readonly runs: number;
  readonly passed: number;
  readonly documents: number;
  readonly completed: number;
  /** How many failed or were refused, by code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly keyUses: { readonly atToken: number; readonly repeated: number; readonly lost: number };
  /** As in ScenarioResult; null where nothing was to heal. */
  readonly nextSignatureMs: Spread | null;
  readonly allEndedMs: Spread | null;
  /** Median, milliseconds. */
  readonly tookMs: number;
}

/** `docs/faults.json`: what a run with `--record` leaves. */
export interface RecordedRun {
  readonly date: string;
  readonly machine: string;
  readonly firstSeed: number;
  readonly times: number;
  readonly notRun: readonly NotRun[];
  readonly scenarios: readonly ScenarioSummary[];
}

/** One summary for each scenario that ran at least once, in the order of `scenarios`. */
export function summarise(scenarios: readonly Scenario[], results: readonly ScenarioResult[]): ScenarioSummary[] {
  return scenarios.flatMap(({ name }) => {
    const runs = results.filter(({ scenario }) => scenario === name);
    if (runs.length === 0) return [];
    const total = (value: (run: ScenarioResult) => number): number => runs.reduce((sum, run) => sum + value(run), 0);
    const failures: Record<string, number> = {};
    for (const run of runs) {
      for (const [code, count] of Object.entries(run.failures)) failures[code] = (failures[code] ?? 0) + count;
    }
    const summary: ScenarioSummary = {
      scenario: name,
      runs: runs.length,
      passed: runs.filter(({ ok }) => ok).length,
      documents: total((run) => run.documents),
      completed: total((run) => run.completed),
      failures,
      keyUses: {
        atToken: total(({ keyUses }) => keyUses.atToken),
        repeated: total(({ keyUses }) => keyUses.repeated),
        lost: total(({ keyUses }) => keyUses.lost),
      },
      nextSignatureMs: spread(runs.map((run) => run.nextSignatureMs)),
      allEndedMs: spread(runs.map((run) => run.allEndedMs)),
      tookMs: median(runs.map((run) => run.tookMs)),
    };
    return [summary];
  });
}

function spread(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : { median: median(known), longest: Math.max(...known) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);

function spreadText(value: Spread | null): string {
  return value === null ? '–' : `${seconds(value.median)} (${seconds(value.longest)})`;
}

function failuresText(failures: Readonly<Record<string, number>>, quote: string): string {
  const parts = Object.entries(failures).map(([code, count]) => `${count} ${quote}${code}${quote}`);
  return parts.join(', ') || '0';
}

const columns = ['passed', 'in', 'completed', 'failed', 'uses', 'repeated', 'lost', 'next, s', 'all, s'];

function cells(one: ScenarioSummary, quote: string): string[] {
  return [
    `${one.passed}/${one.runs}`,
    String(one.documents),
    String(one.completed),
    failuresText(one.failures, quote),
    String(one.keyUses.atToken),
    String(one.keyUses.repeated),
    String(one.keyUses.lost),
    spreadText(one.nextSignatureMs),
    spreadText(one.allEndedMs),
  ];
}

/** For a terminal: one line for each scenario. Times: the median, and in brackets the longest. */
export function tableOf(summaries: readonly ScenarioSummary[]): string {
  const head = ['scenario', ...columns, 'took, s'];
  const rows = summaries.map((one) => [one.scenario, ...cells(one, ''), seconds(one.tookMs)]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string => row.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join('  ');
  return [head, ...rows].map((row) => line(row).trimEnd()).join('\n');
}

const expectations = {
  completed: 'all completed while it is broken',
  'completed-after-healing': 'all completed after the healing',
  recovered: 'all completed',
  failed: 'those that fail say',
} as const;

/** For docs/faults.md: what each fault is, from the code. */
export function scenariosMarkdown(scenarios: readonly Scenario[]): string {
  const rows = scenarios.map(({ name, broken, expected, healing }) => {
    const codes = expected.kind === 'failed' ? ` ${expected.codes.map((code) => `\`${code}\``).join(', ')}` : '';
    return `| ${name} | ${broken} | ${expectations[expected.kind]}${codes} | ${healing} |`;
  });
  return ['| fault | what is broken | documents | how it ends |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

/** For docs/faults.md: what came of it in the run that was recorded. */
export function resultsMarkdown({ date, machine, firstSeed, times, notRun, scenarios }: RecordedRun): string {
  const rows = scenarios.map((one) => `| ${[one.scenario, ...cells(one, '`')].join(' | ')} |`);
  const total = (value: (one: ScenarioSummary) => number): number =>
    scenarios.reduce((sum, one) => sum + value(one), 0);
  return [
    `${date}, ${machine}, seeds ${firstSeed} to ${firstSeed + times - 1}: ${total(({ runs }) => runs)} runs, ` +
      `${total(({ runs, passed }) => runs - passed)} with violations; ${total(({ documents }) => documents)} documents.`,
    '',
    `| fault | ${columns.join(' | ')} |`,
    `| --- |${' --- |'.repeat(columns.length)}`,
    ...rows,
    ...notRun.map(({ scenario, reason }) => `\n${scenario} did not run: ${reason}.`),
  ].join('\n');
}
