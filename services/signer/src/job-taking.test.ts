import { beforeEach, describe, expect, it } from '@jest/globals';
import { servedReportsKey, type TokenReport } from '@kyso/contracts';
import { JobTaking } from './job-taking.js';

const nowMs = 1_000_000;

describe('whether a signer takes the jobs of a token name', () => {
  let isServing: boolean;
  let reports: Partial<TokenReport>[];
  let status: 'ready' | 'reconnecting';
  let taking: Map<string, boolean>;
  let jobTaking: JobTaking;
  const report = (more: Partial<TokenReport> = {}): Partial<TokenReport> => ({
    token: 'seal-2',
    serves: 'seal',
    signerId: 'signer-2',
    state: 'ready',
    atMs: nowMs - 1_000,
    ...more,
  });

  beforeEach(() => {
    isServing = false;
    reports = [report()];
    status = 'ready';
    taking = new Map();
    jobTaking = new JobTaking({
      redis: {
        get status() {
          return status;
        },
        hvals: async (key: unknown) =>
          key === servedReportsKey('seal') ? reports.map((one) => JSON.stringify(one)) : [],
      },
      signerId: 'signer-1',
      names: () => ['seal'],
      isServing: () => isServing,
      setTaking: (name, isTaking) => taking.set(name, isTaking),
      nowMs: () => nowMs,
    });
  });
  const looked = async (): Promise<boolean | undefined> => {
    await jobTaking.look();
    return taking.get('seal');
  };

  it('leaves them to another signer that has a ready token, until it has one itself', async () => {
    expect(await looked()).toBe(false);
    isServing = true;
    expect(await looked()).toBe(true);
  });

  it.each([
    ['nobody has a ready token', [report({ state: 'absent' }), report({ state: 'quarantined' })]],
    ['only it itself said so', [report({ signerId: 'signer-1' })]],
    ['the other one has not been heard of for long', [report({ atMs: nowMs - 15_001 })]],
    ['there is nothing but rubbish', [{ token: '../evil' }]],
  ])('takes them when %s, so that they wait and fail in time', async (_, found) => {
    reports = found;
    expect(await looked()).toBe(true);
  });

  it('takes them while Redis can’t be asked', async () => {
    status = 'reconnecting';
    expect(await looked()).toBe(true);
  });
});
