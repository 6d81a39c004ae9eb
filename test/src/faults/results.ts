import type { ScenarioResult } from './run-scenario.js';
import type { Scenario } from './scenario.js';

/** A scenario that this machine can't run, and why. */
export interface NotRun {
  readonly scenario: string;
  readonly reason: string;
}

/** All runs of one scenario together. */
export interface ScenarioSummary {
  readonly scenario: string;
  readonly broken: string;
  readonly healing: string;
  readonly expected: string;
  readonly runs: number;
  readonly passed: number;
  readonly documents: number;
  readonly completed: number;
  readonly failures: Readonly<Record<string, number>>;
  readonly keyUses: { readonly atToken: number; readonly repeated: number; readonly lost: number };
  /** Median and longest over the runs, milliseconds; null where nothing was to heal. */
  readonly nextSignatureMs: { readonly median: number; readonly longest: number } | null;
  readonly allEndedMs: { readonly median: number; readonly longest: number } | null;
  /** Median. */
  readonly tookMs: number;
}

const expectations = {
  completed: 'all completed while broken',
  'completed-after-healing': 'all completed after healing',
  recovered: 'all completed',
  failed: 'stated failures',
} as const;

/** One summary for each scenario that ran at least once, in the order of `scenarios`. */
export function summarise(scenarios: readonly Scenario[], results: readonly ScenarioResult[]): ScenarioSummary[] {
  return scenarios.flatMap(({ name, broken, healing, expected }) => {
    const runs = results.filter(({ scenario }) => scenario === name);
    if (runs.length === 0) return [];
    const total = (value: (run: ScenarioResult) => number): number => runs.reduce((sum, run) => sum + value(run), 0);
    const failures: Record<string, number> = {};
    for (const run of runs) {
      for (const [code, count] of Object.entries(run.failures)) failures[code] = (failures[code] ?? 0) + count;
    }
    const codes = expected.kind === 'failed' ? `: ${expected.codes.map((code) => `\`${code}\``).join(', ')}` : '';
    const summary: ScenarioSummary = {
      scenario: name,
      broken,
      healing,
      expected: expectations[expected.kind] + codes,
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

function spread(values: readonly (number | null)[]): { median: number; longest: number } | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : { median: median(known), longest: Math.max(...known) };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

const seconds = (ms: number): string => (ms / 1000).toFixed(1);
const spreadText = (value: { median: number; longest: number } | null): string =>
  value === null ? '–' : `${seconds(value.median)} (${seconds(value.longest)})`;

/** For a terminal: one line for each scenario. Times in seconds: the median, and in brackets the longest. */
export function tableOf(summaries: readonly ScenarioSummary[]): string {
  const head = [
    'scenario',
    'passed',
    'in',
    'completed',
    'failed',
    'uses',
    'repeated',
    'lost',
    'next s',
    'all s',
    'took s',
  ];
  const rows = summaries.map((one) => [
    one.scenario,
    `${one.passed}/${one.runs}`,
    String(one.documents),
    String(one.completed),
    Object.entries(one.failures)
      .map(([code, count]) => `${count} ${code}`)
      .join(', ') || '0',
    String(one.keyUses.atToken),
    String(one.keyUses.repeated),
    String(one.keyUses.lost),
    spreadText(one.nextSignatureMs),
    spreadText(one.allEndedMs),
    seconds(one.tookMs),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)));
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, n) => cell.padEnd(widths[n] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
