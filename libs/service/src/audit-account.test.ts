import { describe, expect, it } from '@jest/globals';
import { accountForUses, type UseAccount, type UseRecords } from './audit-account.js';
import { AuditUses } from './audit-uses.js';

type Facts = Readonly<Record<string, unknown>>;

const about = {
  at: '2026-01-01T00:00:00.000Z',
  jobId: 'job_1',
  step: 0,
  documentId: 'doc_1',
  version: 1,
  signedDigest: 'd1',
};
const begins = (useId: string | undefined, more: Facts = {}): Facts => ({
  ...about,
  ...(useId === undefined ? {} : { useId }),
  event: 'key-use-begins',
  credentialId: 'leader',
  token: 'desk',
  ...more,
});
const ended = (useId: string | undefined, signatureSha256: string, more: Facts = {}): Facts => ({
  ...begins(useId, more),
  event: 'key-use-ended',
  signatureSha256,
  ...more,
});
const failed = (useId: string, used: string): Facts => ({
  ...begins(useId),
  event: 'key-use-failed',
  code: 'TOKEN_UNAVAILABLE',
  used,
});
const lost = (useId: string): Facts => ({ ...about, useId, event: 'key-use-lost', reason: 'no-trace', next: 'again' });

/** A store with one document, of which step 0 of job_1 released version 1 by signature s1, unless something else is said. */
const store = (more: Partial<UseRecords> = {}): UseRecords => ({
  releaseOf: () => Promise.resolve({ jobId: 'job_1', step: 0, signatureSha256: 's1' }),
  failureOf: () => Promise.resolve(undefined),
  claimOf: () => Promise.resolve(undefined),
  hasDocument: () => Promise.resolve(true),
  ...more,
});
const nothing: Partial<UseRecords> = { releaseOf: () => Promise.resolve(undefined) };

async function account(logs: readonly (readonly Facts[])[], records = store()): Promise<UseAccount> {
  const audit = new AuditUses();
  logs.forEach((log, index) => log.forEach((entry) => audit.add(entry, `${index}.jsonl`)));
  expect(audit.unreadable).toEqual([]);
  return accountForUses(audit, records);
}
const fates = async (logs: readonly (readonly Facts[])[], records = store()): Promise<string[]> =>
  (await account(logs, records)).uses.map(({ fate }) => fate);

describe('the account of the uses of keys', () => {
  it('finds the use whose signature was released', async () => {
    expect(await fates([[begins('use_1'), ended('use_1', 's1', { signature: 'valid' })]])).toEqual(['released']);
  });

  it('joins what one signer began with what another one says of it, in whichever order the logs come', async () => {
    const first = [begins('use_1', { signedDigest: 'd0' })];
    const second = [lost('use_1'), begins('use_2'), ended('use_2', 's1')];
    expect(await fates([first, second])).toEqual(['lost', 'released']);
    expect(await fates([second, first])).toEqual(['released', 'lost']);
  });

  it.each([
    ['not-used', [begins('use_1'), failed('use_1', 'no')], store(nothing)],
    ['wrong', [begins('use_1'), ended('use_1', 's0', { signature: 'wrong' })], store()],
    ['lost', [begins('use_1'), failed('use_1', 'unknown'), lost('use_1')], store(nothing)],
    [
      'lost',
      [begins('use_1'), ended('use_1', 's1')],
      store({ ...nothing, failureOf: () => Promise.resolve('INTERNAL') }),
    ],
    ['open', [begins('use_1')], store({ ...nothing, claimOf: () => Promise.resolve({ jobId: 'job_1', step: 0 }) })],
    ['unexplained', [begins('use_1')], store(nothing)],
    ['unexplained', [begins('use_1'), ended('use_1', 's1')], store(nothing)],
    ['unexplained', [begins('use_1'), failed('use_1', 'unknown')], store(nothing)],
    [
      'unexplained',
      [begins('use_1')],
      store({ ...nothing, claimOf: () => Promise.resolve({ jobId: 'job_2', step: 0 }) }),
    ],
    ['gone', [begins('use_1')], store({ ...nothing, hasDocument: () => Promise.resolve(false) })],
  ] as const)('calls a use %s', async (fate, log, records) => {
    expect(await fates([log], records)).toEqual([fate]);
  });

  it('knows a repeat over the bytes that were released, and no other, without a word of a signer', async () => {
    const released = [begins('use_2'), ended('use_2', 's1')];
    expect(await fates([[begins('use_1'), ...released]])).toEqual(['repeated', 'released']);
    const other = begins('use_1', { signedDigest: 'd0' });
    expect(await fates([[other, ...released]])).toEqual(['unexplained', 'released']);
  });

  it('does not take a use of another job for that of the job that released the version', async () => {
    const foreign = { jobId: 'job_2', signedDigest: 'd0' };
    const log = [begins('use_1', foreign), ended('use_1', 's1', foreign)];
    const { uses, releasedWithoutUse } = await account([log]);
    expect(uses).toMatchObject([{ fate: 'unexplained' }]);
    expect(releasedWithoutUse).toEqual([{ documentId: 'doc_1', version: 1, jobId: 'job_1' }]);
  });

  it('says when the signature that was released is in no log: the log of a signer is missing', async () => {
    const { releasedWithoutUse } = await account([[begins('use_1'), ended('use_1', 's0'), lost('use_1')]]);
    expect(releasedWithoutUse).toEqual([{ documentId: 'doc_1', version: 1, jobId: 'job_1' }]);
  });

  it('reads entries and records from before uses had ids', async () => {
    const old = store({ releaseOf: () => Promise.resolve({ jobId: 'job_1', step: 0 }) });
    const log = [begins(undefined), begins(undefined), ended(undefined, 's0'), ended(undefined, 's1')];
    expect(await fates([log], old)).toEqual(['repeated', 'released']);
    const crashed = [begins(undefined, { signedDigest: 'd0' }), lost('unknown')];
    expect(await fates([crashed], store(nothing))).toEqual(['lost']);
  });

  it('puts aside what no signer writes, and an end without its beginning', () => {
    const audit = new AuditUses();
    audit.add({ event: 'key-use-begins', jobId: 'job_1' }, 'a');
    audit.add(ended('use_1', 's1'), 'a');
    audit.add({ event: 'something-else' }, 'a');
    expect(audit.uses).toEqual([]);
    expect(audit.unreadable).toHaveLength(2);
  });
});
