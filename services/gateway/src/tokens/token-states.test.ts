import { describe, expect, it } from '@jest/globals';
import { servedReportsKey, tokenReportKey, type TokenReport, type TokenState } from '@kyso/contracts';
import { TokenStates } from './token-states.js';

const nowMs = 1_000_000;

function statesWith(reports: readonly Partial<TokenReport>[], key: string): TokenStates {
  const redis = {
    hvals: async (asked: unknown) => (asked === key ? reports.map((report) => JSON.stringify(report)) : []),
    smembers: async () => [],
  };
  return new TokenStates(redis, () => nowMs);
}

const report = (token: string, state: TokenState, more: Partial<TokenReport> = {}): Partial<TokenReport> => ({
  token,
  serves: 'seal',
  signerId: 's1',
  state,
  atMs: nowMs - 1_000,
  ...more,
});

describe('the state of the tokens that serve one name', () => {
  it.each<[TokenState, Partial<TokenReport>[]]>([
    ['ready', [report('seal-1', 'quarantined'), report('seal-2', 'ready')]],
    ['ready', [report('seal-1', 'absent', { signerId: 's2' }), report('seal-1', 'ready')]],
    // One signer knows of the quarantine of a token, another does not yet.
    ['quarantined', [report('seal-1', 'quarantined', { signerId: 's2' }), report('seal-1', 'ready')]],
    ['absent', [report('seal-1', 'quarantined'), report('seal-2', 'absent')]],
    ['drained', [report('seal-1', 'drained'), report('seal-2', 'absent')]],
    ['absent', [report('seal-1', 'ready', { atMs: nowMs - 15_001 }), report('seal-2', 'absent')]],
    ['unknown', []],
  ])('is %s of %j', async (expected, reports) => {
    expect(await statesWith(reports, servedReportsKey('seal')).ofServed('seal')).toBe(expected);
  });

  it('is unknown while Redis cannot be asked', async () => {
    const away = { hvals: () => Promise.reject(new Error('away')), smembers: () => Promise.reject(new Error('away')) };
    expect(await new TokenStates(away).ofServed('seal')).toBe('unknown');
  });
});

describe('what signers say of one token', () => {
  it('leaves out what is old or no report', async () => {
    const reports = [
      report('seal-1', 'ready'),
      report('seal-1', 'ready', { atMs: nowMs - 15_001 }),
      { token: '../evil' },
    ];
    expect(await statesWith(reports, tokenReportKey('seal-1')).reports('seal-1')).toHaveLength(1);
  });
});
