import { describe, expect, it } from '@jest/globals';
import { assertCredentialRules, assertEntrusted } from './credential-rules.js';
import { credentialRecordSchema, hoursSchema, type CredentialRecord, type Delegation } from './credential.js';
import { newId } from './identifiers.js';

const record: CredentialRecord = {
  credentialId: 'seal',
  kind: 'organisation',
  token: 'token-a',
  keyId: '01',
  scheme: 'rsa-pkcs1',
  digestAlgorithm: 'sha256',
  certificatesPem: 'PEM',
  enabled: true,
};
const officeHours = { days: ['monday', 'friday'], from: '07:30', until: '17:00' } as const;
const now = new Date('2026-11-23T03:00:00Z');

function delegation(changes: Partial<Delegation> = {}): Delegation {
  return {
    delegationId: newId('dlg'),
    actor: { id: 'clerk-2' },
    from: '2026-11-23T00:00:00Z',
    until: '2026-11-24T00:00:00Z',
    reason: 'Quyết định 12/QĐ-STP',
    grantedBy: 'portal',
    grantedAt: '2026-11-22T00:00:00Z',
    ...changes,
  };
}

describe('credentialRecordSchema', () => {
  it('reads a record from before there were owners, hours and delegations, and adds nothing to it', () => {
    expect(credentialRecordSchema.parse(record)).toEqual(record);
  });

  it.each([
    [{ ...officeHours, from: '17:00', until: '07:30' }],
    [{ ...officeHours, from: '7:30' }],
    [{ ...officeHours, from: '24:00', until: '24:00' }],
    [{ ...officeHours, until: '24:30' }],
    [{ ...officeHours, days: [] }],
  ])('refuses hours that say nothing: %j', (hours) => {
    expect(hoursSchema.safeParse(hours).success).toBe(false);
  });
});

describe('assertCredentialRules', () => {
  it('refuses a credential that is switched off', () => {
    expect(() => assertCredentialRules({ ...record, enabled: false }, { role: 'clerk', now })).toThrow(
      expect.objectContaining({ code: 'CREDENTIAL_DISABLED' }),
    );
  });

  it('refuses a role that the key is not for', () => {
    const limited: CredentialRecord = { ...record, roles: ['clerk', 'copy'] };
    expect(() => assertCredentialRules(limited, { role: 'copy', now })).not.toThrow();
    expect(() => assertCredentialRules(limited, { role: 'incoming', now })).toThrow(
      expect.objectContaining({ code: 'CREDENTIAL_FORBIDDEN' }),
    );
  });

  // 2026-11-23 is a Monday; 00:30 UTC is 07:30 in Vietnam.
  it.each([
    ['2026-11-23T00:30:00.000Z', true],
    ['2026-11-23T00:29:59.999Z', false],
    ['2026-11-23T09:59:59.999Z', true],
    ['2026-11-23T10:00:00.000Z', false],
    ['2026-11-24T03:00:00.000Z', false],
    ['2026-11-27T03:00:00.000Z', true],
  ])('at %s a key of office hours may be used: %s', (at, usable) => {
    const use = (): void =>
      assertCredentialRules(
        { ...record, hours: [{ ...officeHours, days: [...officeHours.days] }] },
        { role: 'clerk', now: new Date(at) },
      );
    if (usable) expect(use).not.toThrow();
    else expect(use).toThrow(expect.objectContaining({ code: 'OUTSIDE_HOURS' }));
  });

  it('counts the day in Vietnam: Sunday evening in UTC is Monday morning, and 24:00 is the end of the day', () => {
    const hours = [{ days: ['monday' as const], from: '00:00', until: '24:00' }];
    const at = (time: string) => (): void =>
      assertCredentialRules({ ...record, hours }, { role: 'clerk', now: new Date(time) });
    expect(at('2026-11-22T16:59:59Z')).toThrow(/may not be used at this time/);
    expect(at('2026-11-22T17:00:00Z')).not.toThrow();
    expect(at('2026-11-23T16:59:59Z')).not.toThrow();
    expect(at('2026-11-23T17:00:00Z')).toThrow(/may not be used at this time/);
  });
});

describe('assertEntrusted', () => {
  const entrusted: CredentialRecord = { ...record, users: ['clerk-1'], delegations: [delegation()] };
  const use = (changes: Partial<CredentialRecord>, id: string | undefined, at = now): Delegation | undefined =>
    assertEntrusted(
      { ...entrusted, ...changes },
      { actor: id === undefined ? undefined : { id }, role: 'clerk', now: at },
    );
  const refusal = expect.objectContaining({ code: 'ACTOR_FORBIDDEN' });

  it('lets everybody pass where no officials are named', () => {
    expect(assertEntrusted(record, { actor: undefined, role: 'clerk', now })).toBeUndefined();
  });

  it('lets a named official pass, a delegate with the delegation, and nobody else', () => {
    expect(use({}, 'clerk-1')).toBeUndefined();
    expect(use({}, 'clerk-2')).toMatchObject({ actor: { id: 'clerk-2' } });
    expect(() => use({}, 'clerk-3')).toThrow(refusal);
    expect(() => use({}, 'CLERK-1')).toThrow(refusal);
    expect(() => use({}, undefined)).toThrow(refusal);
  });

  it.each([
    ['before it begins', { from: '2026-11-23T03:00:01Z' }],
    ['when it ends', { until: '2026-11-23T03:00:00Z' }],
    ['after it was revoked', { revokedAt: '2026-11-23T02:59:59Z', revokedBy: 'portal' }],
    ['in another role', { roles: ['copy' as const] }],
  ])('refuses a delegation %s', (_when, changes) => {
    expect(() => use({ delegations: [delegation(changes)] }, 'clerk-2')).toThrow(refusal);
  });

  it('takes a running delegation although another one of the same official has ended', () => {
    const ended = delegation({ until: '2026-11-23T01:00:00Z' });
    const running = delegation();
    expect(use({ delegations: [ended, running] }, 'clerk-2')).toBe(running);
  });
});
