import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkout } from '@kyso/cli';
import { describe, expect, it } from '@jest/globals';
import type { ScenarioResult } from './run-scenario.js';
import { summarise, tableOf, type RecordedRun } from './results.js';
import { scenarios } from './scenarios/index.js';

const result = (more: Partial<ScenarioResult>): ScenarioResult => ({
  scenario: 'tsa-dead',
  seed: 1,
  ok: true,
  documents: 12,
  completed: 12,
  failures: {},
  versions: 15,
  keyUses: { atToken: 16, repeated: 1, lost: 0, logins: 0, refusedLogins: 0 },
  nextSignatureMs: 1_000,
  allEndedMs: 2_000,
  tookMs: 5_000,
  violations: [],
  ...more,
});

describe('the results of the fault suite', () => {
  it('put all runs of a scenario together, the bad ones too', () => {
    const runs = [
      result({}),
      result({ nextSignatureMs: 9_000, completed: 11, failures: { CLOCK_SKEWED: 1 } }),
      result({ nextSignatureMs: 500, ok: false, violations: ['a document did not end'] }),
    ];
    const [summary, ...others] = summarise(scenarios, runs);
    expect(others).toEqual([]);
    expect(summary).toMatchObject({
      scenario: 'tsa-dead',
      runs: 3,
      passed: 2,
      documents: 36,
      completed: 35,
      failures: { CLOCK_SKEWED: 1 },
      keyUses: { atToken: 48, repeated: 3, lost: 0 },
      nextSignatureMs: { median: 1_000, longest: 9_000 },
    });
    expect(tableOf([summary!])).toContain('2/3');
  });

  it('are recorded of every scenario, and of no other', () => {
    const recorded = JSON.parse(readFileSync(join(checkout, 'docs/faults.json'), 'utf8')) as RecordedRun;
    const names = scenarios.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const known = [...recorded.scenarios, ...recorded.notRun].map(({ scenario }) => scenario);
    expect(known.toSorted()).toEqual(names.toSorted());
    expect(recorded.scenarios.filter(({ runs, passed }) => passed < runs)).toEqual([]);
  });
});
