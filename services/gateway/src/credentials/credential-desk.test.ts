import { beforeAll, describe, expect, it } from '@jest/globals';
import { parseCertificatesPem, type Certificate } from '@kyso/cms';
import type { ApiClientRecord, CertificateStatus, CredentialRecord } from '@kyso/contracts';
import { join } from 'node:path';
import { makeCertificate } from '../../test/pki.js';
import { makeFolder } from '../../test/processes.js';
import { CredentialDesk } from './credential-desk.js';
import type { CredentialRegistry } from './credential-registry.js';

const client = { clientId: 'portal', scopes: ['sign'], credentials: { an: ['leader'] } } as unknown as ApiClientRecord;

describe('what is shown of the revocation of a credential', () => {
  let pem: string;
  let root: Certificate;
  let certificate: Certificate;
  beforeAll(async () => {
    const folder = await makeFolder();
    const issuer = join(folder.path, 'root');
    root = parseCertificatesPem(
      await makeCertificate(issuer, { subject: '/CN=Root', keyUsage: 'keyCertSign,cRLSign' }),
    )[0]!;
    pem = await makeCertificate(join(folder.path, 'an'), { subject: '/CN=An', issuer, notAfter: '20270101000000Z' });
    certificate = parseCertificatesPem(pem)[0]!;
    await folder.remove();
  });

  async function shown(
    statuses: readonly CertificateStatus['status'][] | undefined,
    now = '2026-11-23T03:00:00Z',
  ): Promise<string> {
    const record = { credentialId: 'an', token: 'desk', certificatesPem: pem, enabled: true } as CredentialRecord;
    const source: CertificateStatus['source'] = 'ocsp';
    const desk = new CredentialDesk({
      credentials: { find: async () => ({ record, certificate }) } as unknown as CredentialRegistry,
      states: { ofServed: async () => 'ready' },
      revocation: statuses && {
        statusesOf: async (chain) => {
          expect(chain).toHaveLength(2);
          return statuses.map((status) => ({ certificateSha256: certificate.sha256, status, source, problems: [] }));
        },
      },
      trustAnchors: [root],
      warnDays: 30,
      now: () => new Date(now),
    });
    return (await desk.show(client, 'an')).revocation.status;
  }

  it.each<[string, readonly CertificateStatus['status'][] | undefined, string]>([
    ['every certificate is good', ['good'], 'good'],
    ['one is revoked', ['revoked'], 'revoked'],
    ['nobody knows', ['unknown'], 'unknown'],
    ['the cache cannot be reached', [], 'unknown'],
    ['there is no cache', undefined, 'not-checked'],
  ])('where %s', async (_when, statuses, expected) => {
    expect(await shown(statuses)).toBe(expected);
  });

  it('is unknown where the certificate has expired: nobody answers for it any more', async () => {
    expect(await shown(['good'], '2027-06-01T00:00:00Z')).toBe('unknown');
  });
});
