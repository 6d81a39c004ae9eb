import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import type { ApiClientRecord, CredentialRecord, Role } from '@kyso/contracts';
import { makeCertificate } from '../../test/pki.js';
import { makeFolder } from '../../test/processes.js';
import { rolesOf } from './roles-of.js';
import { assertUsable, credentialWarnings } from './usable.js';

const client = { clientId: 'portal', credentials: { leader: ['leader'] } } as unknown as ApiClientRecord;
const now = new Date('2026-11-23T03:00:00Z');

describe('the use of a credential', () => {
  let certificate: Certificate;
  beforeAll(async () => {
    const folder = await makeFolder();
    const pem = await makeCertificate(folder.path, { subject: '/CN=An', notAfter: '20261223030000Z' });
    await folder.remove();
    certificate = parseCertificatesPem(pem)[0]!;
  });

  const known = (changes: Partial<CredentialRecord> = {}) => ({
    record: { credentialId: 'leader', enabled: true, ...changes } as CredentialRecord,
    certificate,
  });
  const use = (changes: Partial<CredentialRecord>, role: Role = 'leader', actorId?: string) =>
    assertUsable(known(changes), { client, role, now, ...(actorId === undefined ? {} : { actor: { id: actorId } }) });

  const later = (changes: Partial<CredentialRecord>, role: Role = 'leader') =>
    assertUsable(known(changes), { client, role, now, mayWait: true });

  it('is allowed by the client’s record or by the credential’s, and never beyond what the key is for', () => {
    expect(use({})).toEqual({});
    expect(() => use({}, 'clerk')).toThrow(expect.objectContaining({ code: 'CREDENTIAL_FORBIDDEN' }));
    expect(use({ clients: { portal: ['clerk'] } }, 'clerk')).toEqual({});
    expect(() => use({ clients: { other: ['clerk'] } }, 'clerk')).toThrow(
      expect.objectContaining({ code: 'CREDENTIAL_FORBIDDEN' }),
    );
    expect(rolesOf(known({ clients: { portal: ['clerk', 'leader'] }, roles: ['clerk'] }), client)).toEqual(['clerk']);
  });

  it('is refused a client without a right before anything else is told of the credential', () => {
    const stranger = { clientId: 'constructor', credentials: {} } as unknown as ApiClientRecord;
    const off = known({ enabled: false, users: [], clients: {} });
    expect(() => assertUsable(off, { client: stranger, role: 'leader', now })).toThrow(
      expect.objectContaining({ code: 'CREDENTIAL_FORBIDDEN' }),
    );
    expect(() => use({ enabled: false })).toThrow(expect.objectContaining({ code: 'CREDENTIAL_DISABLED' }));
  });

  it('may be waited for by an item of a batch where it is switched off or the hour is wrong, and not for more', () => {
    const hours = [{ days: ['sunday' as const], from: '00:00', until: '00:01' }];
    expect(() => use({ hours })).toThrow(expect.objectContaining({ code: 'OUTSIDE_HOURS' }));
    expect(later({ hours })).toEqual({});
    expect(later({ enabled: false })).toEqual({});
    expect(() => later({ enabled: false }, 'clerk')).toThrow(expect.objectContaining({ code: 'CREDENTIAL_FORBIDDEN' }));
    expect(() => later({ enabled: false, users: ['an'] })).toThrow(
      expect.objectContaining({ code: 'ACTOR_FORBIDDEN' }),
    );
  });

  it('names the delegation that made it possible', () => {
    const delegation = {
      delegationId: 'dlg_00000000000000000000000000',
      actor: { id: 'binh' },
      from: '2026-11-01T00:00:00Z',
      until: '2026-12-01T00:00:00Z',
      reason: 'leave',
      grantedBy: 'portal',
      grantedAt: '2026-11-01T00:00:00Z',
    };
    expect(use({ users: ['an'], delegations: [delegation] }, 'leader', 'binh')).toEqual({ delegation });
    expect(() => use({ users: ['an'] }, 'leader', 'binh')).toThrow(
      expect.objectContaining({ code: 'ACTOR_FORBIDDEN' }),
    );
  });

  it('is refused before and after the certificate’s time', () => {
    const record = known();
    const at = (time: string) => () => assertUsable(record, { client, role: 'leader', now: new Date(time) });
    expect(at('2026-12-23T03:00:00Z')).not.toThrow();
    expect(at('2026-12-23T03:00:01Z')).toThrow(expect.objectContaining({ code: 'CERTIFICATE_EXPIRED' }));
    expect(at('2019-12-31T00:00:00Z')).toThrow(expect.objectContaining({ code: 'CERTIFICATE_NOT_YET_VALID' }));
  });

  it('is warned of when the certificate expires soon', () => {
    const warned = (time: string): string[] => credentialWarnings(known(), new Date(time), 30).map(({ code }) => code);
    expect(warned('2026-11-23T02:59:59Z')).toEqual([]);
    expect(warned('2026-11-23T03:00:00Z')).toEqual(['CERTIFICATE_EXPIRES_SOON']);
    expect(warned('2026-12-23T03:00:01Z')).toEqual([]);
    expect(credentialWarnings(known(), now, 30)[0]).toMatchObject({ found: '2026-12-23T03:00:00.000Z, in 30 days' });
  });
});
