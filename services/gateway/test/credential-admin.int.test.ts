import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { parseCertificatesPem } from '@kyso/cms';
import {
  credentialChangeListSchema,
  credentialDetailSchema,
  credentialListSchema,
  credentialRecordSchema,
  importReportSchema,
  delegationSchema,
  objectKeys,
  type CredentialDetail,
  type ImportReport,
  type CredentialRecord,
  type TokenKey,
} from '@kyso/contracts';
import { getJson, putJson } from '@kyso/storage';
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';
import { call, type Answer } from './client.js';
import { makeCertificate } from './pki.js';
import type { Running } from './processes.js';
import { makeWorld, serviceToken, type World } from './world.js';

// Each test may start processes of its own, on a machine that has other things to do.
jest.setTimeout(90_000);

const code = async (answer: Promise<Answer>): Promise<string> => (await answer).problem().code;
const enrolment = (credentialId: string, more: object = {}): object => ({
  credentialId,
  kind: 'organisation',
  token: 'token-b',
  keyLabel: 'seal',
  owner: 'Sở Tư pháp',
  roles: ['clerk', 'copy'],
  actor: { id: 'quan-tri' },
  ...more,
});

const report = async (answer: Promise<Answer>): Promise<ImportReport> => (await answer).json(importReportSchema);
const heading = 'credentialId;kind;owner;token;keyLabel;roles;clients;users;hours';
const row = (id: string): string =>
  `${id};organisation;Sở ${id};token-b;seal;clerk, copy;portal=clerk copy;van-thu.${id};monday friday 07:00-17:30`;

describe('the administration of credentials', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  const pem: Record<string, string> = {};

  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway();
    const soon = new Date(Date.now() + 10 * 86_400_000).toISOString().replace(/[-:T]|\..*/g, '');
    const issuer = join(world.folder, 'pki', 'root');
    const make = async (id: string, notAfter?: string): Promise<void> => {
      const folder = join(world.folder, 'pki', `new-${id}`);
      const plan = { subject: `/CN=${id}/O=UBND`, issuer, ...(notAfter === undefined ? {} : { notAfter }) };
      pem[id] = await makeCertificate(folder, plan);
    };
    await make('seal', `${soon}Z`);
    await make('renewed');
    await make('stranger');
    const otherRoot = join(world.folder, 'pki', 'other-root');
    await makeCertificate(otherRoot, { subject: '/CN=Other root', keyUsage: 'keyCertSign,cRLSign' });
    pem['untrusted'] = await makeCertificate(join(world.folder, 'pki', 'lone'), {
      subject: '/CN=Lone',
      issuer: otherRoot,
    });
    pem['leader'] = await readFile(join(world.folder, 'pki', 'leader', 'cert.pem'), 'utf8');
    const key = (keyId: string, certificate: string, more: Partial<TokenKey> = {}): TokenKey => {
      const spki = parseCertificatesPem(pem[certificate] ?? '')[0]?.publicKey.export({ type: 'spki', format: 'der' });
      return {
        keyId,
        keyLabel: certificate,
        type: 'ec',
        privateKeySeen: true,
        publicKeySha256: createHash('sha256')
          .update(spki as Buffer)
          .digest('hex'),
        certificatesPem: [pem[certificate] ?? ''],
        ...more,
      };
    };
    await putJson(world.store, objectKeys.inventory('token-b'), {
      token: 'token-b',
      label: 'UBND',
      serial: '1',
      manufacturer: 'm',
      model: 'm',
      signerId: 's1',
      readAt: new Date().toISOString(),
      keys: [
        key('0a', 'seal'),
        key('0b', 'renewed'),
        key('0c', 'untrusted'),
        key('0d', 'leader', { keyLabel: 'twice' }),
        key('0e', 'leader', { keyLabel: 'twice' }),
        key('0f', 'leader', { certificatesPem: [] }),
      ],
      otherCertificatesPem: [],
    });
  });
  afterAll(() => world.close());

  const as = (client: string, line: string, json?: unknown): Promise<Answer> =>
    call(gateway.baseUrl, line, { key: world.keys[client], ...(json === undefined ? {} : { json }) });
  const sheet = (text: string, query = ''): Promise<Answer> =>
    call(gateway.baseUrl, `POST /v1/credentials/import${query}`, {
      key: world.keys['admin'],
      pdf: Buffer.from(text),
      headers: { 'content-type': 'text/csv' },
    });
  const admin = (line: string, json?: unknown): Promise<Answer> => as('admin', line, json);
  const detail = async (id: string, client = 'admin'): Promise<CredentialDetail> =>
    (await as(client, `GET /v1/credentials/${id}`)).json(credentialDetailSchema);
  const revisionOf = async (id: string): Promise<number> => (await detail(id)).administration?.revision ?? -1;
  const record = (id: string): Promise<CredentialRecord | undefined> =>
    getJson(world.store, objectKeys.credential(id), credentialRecordSchema);

  it('enrols a key of a token with its certificate, and lets those use it whom it names', async () => {
    const answer = await admin('POST /v1/credentials', enrolment('so-tu-phap', { clients: { portal: ['clerk'] } }));
    expect([answer.status, answer.headers.get('location')]).toEqual([201, '/v1/credentials/so-tu-phap']);
    expect(answer.json(credentialDetailSchema)).toMatchObject({
      subjectName: 'seal',
      scheme: 'ecdsa',
      owner: 'Sở Tư pháp',
      enabled: true,
      warnings: [{ code: 'CERTIFICATE_EXPIRES_SOON' }],
      administration: { revision: 1, keyId: '0a', clients: { portal: ['clerk'] }, delegations: [] },
    });
    expect(await record('so-tu-phap')).toMatchObject({ keyId: '0a', revision: 1, digestAlgorithm: 'sha256' });
    const seen = await detail('so-tu-phap', 'portal');
    expect(seen.roles).toEqual(['clerk']);
    expect(seen.administration).toBeUndefined();
    expect(await code(as('other', 'GET /v1/credentials/so-tu-phap'))).toBe('CREDENTIAL_UNKNOWN');
    const listed = (await as('portal', 'GET /v1/credentials')).json(credentialListSchema).credentials;
    expect(listed.map(({ credentialId }) => credentialId)).toContain('so-tu-phap');
    expect(await code(admin('POST /v1/credentials', enrolment('so-tu-phap')))).toBe('CREDENTIAL_EXISTS');
    expect(await code(admin('POST /v1/credentials', enrolment('leader')))).toBe('CREDENTIAL_EXISTS');
  });

  it.each<[string, string, () => object]>([
    ['a token that no signer has read', 'REQUEST_INVALID', () => ({ token: 'token-z' })],
    ['a key that is not there', 'REQUEST_INVALID', () => ({ keyLabel: 'nobody' })],
    ['a label that two keys have', 'REQUEST_INVALID', () => ({ keyLabel: 'twice' })],
    ['a key without a certificate', 'REQUEST_INVALID', () => ({ keyLabel: undefined, keyId: '0f' })],
    ['label and id at once', 'REQUEST_INVALID', () => ({ keyId: '0a' })],
    ['the certificate of another key', 'CERTIFICATE_MISMATCH', () => ({ certificatesPem: pem['stranger'] })],
    ['a certificate of an unknown CA', 'CERTIFICATE_UNTRUSTED', () => ({ keyLabel: 'untrusted' })],
    ['a scheme that the key can’t do', 'CERTIFICATE_UNFIT', () => ({ scheme: 'rsa-pss' })],
    ['a person with the role of a clerk', 'REQUEST_INVALID', () => ({ kind: 'person' })],
    ['an organisation that approves', 'REQUEST_INVALID', () => ({ roles: ['leader'] })],
    ['text that is no PEM', 'REQUEST_INVALID', () => ({ certificatesPem: 'nothing' })],
    ['a field that is not there', 'REQUEST_INVALID', () => ({ pin: '123456' })],
  ])('refuses %s: %s, and stores nothing', async (_what, expected, more) => {
    expect(await code(admin('POST /v1/credentials', enrolment('refused', more())))).toBe(expected);
    expect(await record('refused')).toBeUndefined();
    expect(await world.store.get(objectKeys.credentialChange('refused', 1))).toBeUndefined();
  });

  it('takes the certificate from the request where the token shows only the key', async () => {
    const more = {
      kind: 'person',
      roles: ['leader'],
      keyLabel: undefined,
      keyId: '0f',
      certificatesPem: pem['leader'],
    };
    expect((await admin('POST /v1/credentials', enrolment('by-pem', more))).status).toBe(201);
  });

  it('changes settings for whoever saw the current revision, and replaces all of them', async () => {
    await admin('POST /v1/credentials', enrolment('settings', { users: ['an'] }));
    const change = { expectedRevision: 1, owner: 'Sở Nội vụ', roles: ['clerk'], register: 'so-noi-vu' };
    expect(await code(admin('PUT /v1/credentials/settings', { ...change, expectedRevision: 7 }))).toBe(
      'CREDENTIAL_CHANGED',
    );
    const answers = await Promise.all([1, 2, 3].map(() => admin('PUT /v1/credentials/settings', change)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409, 409]);
    expect(await record('settings')).toMatchObject({ revision: 2, owner: 'Sở Nội vụ', register: 'so-noi-vu' });
    expect(await record('settings')).not.toHaveProperty('users');
  });

  it('switches a credential off and on, without knowing its revision', async () => {
    await admin('POST /v1/credentials', enrolment('switched'));
    const off = await admin('POST /v1/credentials/switched/disable', { reason: 'Mất thiết bị', actor: { id: 'truc' } });
    expect(off.json(credentialDetailSchema)).toMatchObject({ enabled: false, administration: { revision: 2 } });
    await admin('POST /v1/credentials/switched/disable', { reason: 'again' });
    expect(await revisionOf('switched')).toBe(2);
    await admin('POST /v1/credentials/switched/enable', { reason: 'Tìm thấy' });
    expect(await record('switched')).toMatchObject({ enabled: true, revision: 3 });
    expect(await code(admin('POST /v1/credentials/switched/disable', {}))).toBe('REQUEST_INVALID');
    expect(await code(admin('POST /v1/credentials/nobody/disable', { reason: 'x' }))).toBe('CREDENTIAL_UNKNOWN');
  });

  it('keeps the old certificate at a renewal', async () => {
    await admin('POST /v1/credentials', enrolment('renewing'));
    const before = await detail('renewing');
    const answer = await admin('POST /v1/credentials/renewing/renewal', {
      expectedRevision: 1,
      token: 'token-b',
      keyId: '0b',
    });
    expect(answer.json(credentialDetailSchema)).toMatchObject({
      subjectName: 'renewed',
      administration: { keyId: '0b', formerCertificatesSha256: [before.certificateSha256] },
    });
    expect((await detail('renewing')).warnings).toBeUndefined();
  });

  it('lends the key of an organisation for a time, and takes it back', async () => {
    await admin('POST /v1/credentials', enrolment('lent', { users: ['van-thu'] }));
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const request = {
      delegate: { id: 'van-thu-2', name: 'Lê Thị B' },
      until,
      reason: 'QĐ 5/QĐ-STP',
      actor: { id: 'gd' },
    };
    const answer = await admin('POST /v1/credentials/lent/delegations', request);
    expect(answer.status).toBe(201);
    const delegation = answer.json(delegationSchema);
    expect(delegation).toMatchObject({ actor: { id: 'van-thu-2' }, grantedBy: 'admin/gd', until });
    const again = await admin('POST /v1/credentials/lent/delegations', request);
    expect(again.json(delegationSchema)).toEqual(delegation);
    expect((await record('lent'))?.delegations).toEqual([delegation]);
    const path = `/v1/credentials/lent/delegations/${delegation.delegationId}`;
    expect((await admin(`DELETE ${path}?actor=gd`)).status).toBe(204);
    expect((await admin(`DELETE ${path}`)).status).toBe(204);
    expect((await record('lent'))?.delegations).toMatchObject([{ revokedBy: 'admin/gd' }]);
    expect(await revisionOf('lent')).toBe(3);
  });

  it.each<[string, string, object]>([
    ['the key of a person', 'by-pem', {}],
    ['a key that everybody may use', 'so-tu-phap', {}],
    ['a time that has passed', 'lent', { until: '2026-01-01T00:00:00Z' }],
    ['more than a year', 'lent', { until: '2049-01-01T00:00:00Z' }],
    ['a role that the key is not for', 'lent', { roles: ['incoming'] }],
  ])('does not lend %s', async (_what, id, more) => {
    const until = new Date(Date.now() + 86_400_000).toISOString();
    const request = { delegate: { id: 'x' }, until, reason: 'r', ...more };
    expect(await code(admin(`POST /v1/credentials/${id}/delegations`, request))).toBe('REQUEST_INVALID');
  });

  it('keeps every change, each with the digest of the one before', async () => {
    const { changes } = (await admin('GET /v1/credentials/switched/changes')).json(credentialChangeListSchema);
    expect(changes.map(({ change, by, reason }) => [change, by, reason])).toEqual([
      ['enrolled', 'admin/quan-tri', undefined],
      ['disabled', 'admin/truc', 'Mất thiết bị'],
      ['enabled', 'admin', 'Tìm thấy'],
    ]);
    const rest = await admin('GET /v1/credentials/switched/changes?after=2');
    expect(rest.json(credentialChangeListSchema).changes.map(({ revision }) => revision)).toEqual([3]);
    expect(await code(admin('GET /v1/credentials/switched/changes?after=x'))).toBe('REQUEST_INVALID');
    const stored = await world.store.get(objectKeys.credentialChange('switched', 2));
    expect(changes[2]?.previousSha256).toBe(
      createHash('sha256')
        .update(stored ?? '')
        .digest('hex'),
    );
  });

  it('takes up a record from before changes were counted, and keeps it as it was', async () => {
    const before = await record('leader');
    const settings = { expectedRevision: 0, owner: 'Nguyễn Văn An', roles: ['leader'], users: ['an'] };
    expect((await admin('PUT /v1/credentials/leader', settings)).status).toBe(200);
    const { changes } = (await admin('GET /v1/credentials/leader/changes')).json(credentialChangeListSchema);
    expect(changes.map(({ change }) => change)).toEqual(['adopted', 'settings']);
    expect(changes[0]?.record).toEqual({ ...before, revision: 1 });
    expect(await record('leader')).toMatchObject({
      revision: 2,
      users: ['an'],
      certificatesPem: before?.certificatesPem,
    });
  });

  describe('from a spreadsheet', () => {
    const ids = Array.from({ length: 200 }, (_, i) => `so-${i + 1}`);

    it('says every fault by line and column, in both languages, and enrols nothing then', async () => {
      const rows = [
        row('good'),
        row('Bad Id'),
        row('good'),
        row('no-token').replace('token-b', 'token-z'),
        row('no-role').replace('clerk, copy', 'boss'),
        row('odd-hours').replace('07:00-17:30', '17:30-07:00'),
        row('leader'),
        row('person').replace('organisation', 'person'),
      ];
      const { imported, rows: count, faults } = await report(sheet([heading, ...rows].join('\r\n')));
      expect([imported, count]).toEqual([false, 8]);
      expect(faults.map(({ line, column }) => [line, column])).toEqual([
        [3, 'credentialId'],
        [4, 'credentialId'],
        [5, undefined],
        [6, 'roles'],
        [7, 'hours'],
        [8, 'credentialId'],
        [9, undefined],
      ]);
      expect(faults.map((fault) => fault.code)).toEqual([
        'VALUE_INVALID',
        'ID_REPEATED',
        'CREDENTIAL_UNUSABLE',
        'VALUE_INVALID',
        'VALUE_INVALID',
        'CREDENTIAL_EXISTS',
        'CREDENTIAL_UNUSABLE',
      ]);
      for (const { messageVi, messageEn } of faults)
        expect([messageVi, messageEn].every(({ length }) => length > 5)).toBe(true);
      expect(faults[1]?.messageEn).toContain('line 2');
      expect(await record('good')).toBeUndefined();
    });

    it('enrols two hundred, after a dry run that enrols none, and the same file again changes nothing', async () => {
      const file = `\uFEFF${[heading, ...ids.map(row)].join('\r\n')}\r\n`;
      expect(await report(sheet(file, '?dryRun=true'))).toMatchObject({
        dryRun: true,
        imported: false,
        created: ids,
        faults: [],
      });
      expect(await record('so-1')).toBeUndefined();
      expect(await report(sheet(file))).toMatchObject({ imported: true, created: ids, faults: [] });
      expect(await record('so-200')).toMatchObject({
        owner: 'Sở so-200',
        roles: ['clerk', 'copy'],
        clients: { portal: ['clerk', 'copy'] },
        users: ['van-thu.so-200'],
        hours: [{ days: ['monday', 'friday'], from: '07:00', until: '17:30' }],
      });
      expect(await report(sheet(file))).toMatchObject({ imported: true, created: [], unchanged: ids });
      const { changes } = (await admin('GET /v1/credentials/so-7/changes')).json(credentialChangeListSchema);
      expect(changes).toMatchObject([{ change: 'enrolled', by: 'admin' }]);
    });

    it('gives back what makes the same again, in this cluster and in one that has lost it', async () => {
      const wide = { clients: { portal: ['clerk'], registry: ['copy', 'clerk'] }, users: [] };
      const hours = [
        { days: ['monday', 'friday'], from: '07:00', until: '11:30' },
        { days: ['saturday'], from: '07:00', until: '12:00' },
      ];
      const narrow = { clients: {}, users: ['cn=an,ou=stp', 'PROVINCE\\binh'], hours, organisation: 'Sở "A"; B, C' };
      for (const [id, settings] of Object.entries({ 'out-wide': wide, 'out-narrow': narrow })) {
        expect((await admin('POST /v1/credentials', enrolment(id, settings))).status).toBe(201);
      }
      const answer = await admin('GET /v1/credentials/export');
      expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8');
      const lines = parse(answer.text, { bom: true });
      const enabled = (await admin('GET /v1/credentials?all=true&limit=500'))
        .json(credentialListSchema)
        .credentials.filter((one) => one.enabled)
        .map(({ credentialId }) => credentialId);
      expect(lines.slice(1).map(([id]) => id)).toEqual(enabled);
      const both = stringify(lines.filter(([id = '']) => ['credentialId', 'out-wide', 'out-narrow'].includes(id)));
      const [there, copied] = [['out-narrow', 'out-wide'], ['in-narrow', 'in-wide']] as const; // prettier-ignore
      expect(await report(sheet(both))).toMatchObject({ imported: true, created: [], unchanged: there, faults: [] });
      // As in a new cluster with the same tokens.
      expect((await report(sheet(both.replaceAll('out-', 'in-')))).created).toEqual(copied);
      const before = await Promise.all(there.map(record));
      expect(before).toMatchObject([narrow, wide]);
      const after = await Promise.all(copied.map(record));
      expect(after).toEqual(before.map((one, index) => ({ ...one, credentialId: copied[index] })));
      expect(await code(as('portal', 'GET /v1/credentials/export'))).toBe('FORBIDDEN');
    });

    it('refuses what is no spreadsheet, and whoever may not', async () => {
      expect(await code(sheet('a"b;c"d\n"'))).toBe('REQUEST_INVALID');
      expect((await report(sheet('credentialId;pin\nx;1'))).faults[0]).toMatchObject({ line: 1, column: 'pin' });
      expect(await code(as('admin', 'POST /v1/credentials/import', {}))).toBe('MEDIA_TYPE_UNSUPPORTED');
      const portal = { key: world.keys['portal'], pdf: Buffer.from(heading), headers: { 'content-type': 'text/csv' } };
      expect(await code(call(gateway.baseUrl, 'POST /v1/credentials/import', portal))).toBe('FORBIDDEN');
    });
  });

  it('is for clients of scope manage only', async () => {
    for (const line of ['POST /v1/credentials', 'PUT /v1/credentials/lent', 'POST /v1/credentials/lent/disable']) {
      expect(await code(as('portal', line, {}))).toBe('FORBIDDEN');
    }
    expect(await code(as('portal', 'GET /v1/credentials?all=true'))).toBe('FORBIDDEN');
    expect(await code(as('portal', 'GET /v1/credentials/lent/changes'))).toBe('FORBIDDEN');
    expect(await code(as('portal', 'DELETE /v1/credentials/lent/delegations/dlg_00000000000000000000000000'))).toBe(
      'FORBIDDEN',
    );
    const all = (await admin('GET /v1/credentials?all=true')).json(credentialListSchema).credentials;
    expect(all.map(({ credentialId }) => credentialId)).toEqual(expect.arrayContaining(['foreign', 'lent', 'off']));
  });

  it('shows operators how many days are left', async () => {
    const answer = await call(gateway.baseUrl, 'GET /metrics', { key: serviceToken });
    const days = /kyso_certificate_days_left\{[^}]*credential="expired"[^}]*\} (-[0-9.]+)/.exec(answer.text)?.[1];
    expect(Number(days)).toBeLessThan(-1_000);
    expect(answer.text).not.toContain('credential="off"');
  });
});
