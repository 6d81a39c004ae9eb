import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { importReportSchema, templateListSchema, templateSchema, type ImportReport } from '@kyso/contracts';
import { call } from './client.js';
import type { Running } from './processes.js';
import { makeWorld, type World } from './world.js';

jest.setTimeout(90_000);

describe('templates of a spreadsheet', () => {
  let world: World;
  let gateway: Running & { baseUrl: string };
  let key: string | undefined;
  let signature: string;

  beforeAll(async () => {
    world = await makeWorld();
    gateway = await world.startGateway();
    key = world.keys['admin'];
    const file = await readFile(new URL('../../../../samples/chu-ky-lanh-dao.png', import.meta.url));
    signature = file.toString('base64');
  });
  afterAll(() => world.close());

  async function importing(csv: string | Buffer, query = ''): Promise<ImportReport> {
    const headers = { 'content-type': 'text/csv' };
    const line = `POST /v1/templates/import${query}`;
    const answer = await call(gateway.baseUrl, line, { key, pdf: Buffer.from(csv), headers });
    return answer.json(importReportSchema);
  }
  const idsOf = async (): Promise<string[]> =>
    (await call(gateway.baseUrl, 'GET /v1/templates', { key }))
      .json(templateListSchema)
      .templates.map(({ templateId }) => templateId);

  it('are made of 200 rows in one call, and the same file changes nothing', async () => {
    const rows = Array.from(
      { length: 200 },
      (_, index) => `can-bo-${index};personal;Chữ ký cán bộ số ${index};leader;${signature};${100 + index}`,
    );
    const sheet = ['﻿templateId;type;name;credentialId;image;widthPt', ...rows].join('\r\n');
    const tried = await importing(sheet, '?dryRun=true');
    expect(tried).toMatchObject({ dryRun: true, imported: false, rows: 200, faults: [] });
    expect(tried.created).toHaveLength(200);
    expect(await idsOf()).toEqual([]);
    const done = await importing(sheet);
    expect(done).toMatchObject({ imported: true, faults: [], changed: [], unchanged: [] });
    expect(done.created).toHaveLength(200);
    const again = await importing(sheet);
    expect(again).toMatchObject({ created: [], changed: [] });
    expect(again.unchanged).toHaveLength(200);
    const one = (await call(gateway.baseUrl, 'GET /v1/templates/can-bo-7', { key })).json(templateSchema);
    expect(one).toMatchObject({
      version: 1,
      name: 'Chữ ký cán bộ số 7',
      owner: { kind: 'credential', credentialId: 'leader' },
      widthPt: 107,
      heightPt: 75,
      place: { anchor: { text: '{signerName}' }, side: 'above' },
    });
  });

  it('are given back as a spreadsheet that makes them again', async () => {
    const sheet = [
      'templateId,type,lines,page,place,fontSizePt,anchorText,anchorOccurrence,side,offsetXPt,covering,display,image',
      `sao-y,copy,"SAO Y\n{organisationName}\n# Email: {email}\nThời gian ký: {signingTime}",1,top-right,"10,5",,,,,,,`,
      'so-di,outgoing-number,{number},1,bottom-left,,Số:,first,right,4,,,',
      `dau,organisation,,,,,,,,,latest,image,${signature}`,
    ].join('\n');
    expect((await importing(sheet)).created).toEqual(['sao-y', 'so-di', 'dau']);
    const exported = await call(gateway.baseUrl, 'GET /v1/templates/export', { key });
    expect(exported.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    const again = await importing(exported.bytes);
    expect(again).toMatchObject({ imported: true, created: [], changed: [], faults: [] });
    expect(again.unchanged).toContain('sao-y');
    const changed = exported.text.replace('10.5', '11');
    expect(await importing(changed)).toMatchObject({ created: [], changed: ['sao-y'] });
    const copy = (await call(gateway.baseUrl, 'GET /v1/templates/sao-y', { key })).json(templateSchema);
    expect(copy).toMatchObject({
      version: 2,
      fontSizePt: 11,
      lines: [
        { kind: 'text', text: 'SAO Y' },
        { kind: 'organisation', labelled: false },
        { kind: 'email', labelled: true, shown: false },
        { kind: 'time', labelled: true },
      ],
    });
  });

  it('are refused with every fault by line and column, and none is made', async () => {
    const before = await idsOf();
    const sheet = [
      'templateId,type,image,widthPt,credentialId,lines,colour',
      'good-one,copy,,,,,',
      'Bad Id,copy,,,,,',
      'no-type,nothing,,,,,',
      'no-image,personal,,,,,',
      'not-image,personal,PHN2Zy8+,,,,',
      'too-wide,copy,,wide,,,',
      'nobody,copy,,,nobody,,',
      'good-one,copy,,,,,',
      '"two',
      'lines",copy,,,,,',
      'glyph,copy,,,,漢字,',
    ].join('\n');
    const report = await importing(sheet);
    expect(report.imported).toBe(false);
    expect(report.faults.map(({ line, column }) => `${line} ${column}`)).toEqual([
      '1 colour',
      '3 templateId',
      '4 type',
      '5 image',
      '6 image',
      '7 widthPt',
      '8 credentialId',
      '9 templateId',
      '10 templateId',
      '12 lines',
    ]);
    expect(report.faults.map(({ code }) => code)).toEqual([
      'HEADING_WRONG',
      'VALUE_INVALID',
      'TEMPLATE_TYPE_UNKNOWN',
      'VALUE_MISSING_OR_INVALID',
      'IMAGE_INVALID',
      'VALUE_INVALID',
      'CREDENTIAL_UNKNOWN',
      'ID_REPEATED',
      'VALUE_INVALID',
      'TEXT_NOT_DRAWABLE',
    ]);
    expect(report.faults[7]?.messageVi).toBe('Mã này đã có ở dòng 2.');
    for (const fault of report.faults) expect(fault.messageVi).toMatch(/\p{L}/u);
    expect(await idsOf()).toEqual(before);
  });

  it.each([
    ['other bytes than UTF-8', Buffer.from('templateId,type\ncon,d\xe2u', 'latin1')],
    ['a quote that nobody closes', 'templateId,type\n"a,copy'],
    ['rows of other lengths', 'templateId,type\na,copy,x'],
  ])('are refused for %s', async (_what, csv) => {
    const headers = { 'content-type': 'text/csv' };
    const answer = await call(gateway.baseUrl, 'POST /v1/templates/import', { key, pdf: Buffer.from(csv), headers });
    expect(answer.problem().code).toBe('REQUEST_INVALID');
  });

  it('never become a formula in the spreadsheet of an administrator', async () => {
    expect((await importing('templateId,type,name\nformula,copy,"=HYPERLINK(""http://x"")"')).created).toEqual([
      'formula',
    ]);
    const exported = await call(gateway.baseUrl, 'GET /v1/templates/export', { key });
    expect(exported.text).toContain("'=HYPERLINK");
    expect((await importing(exported.bytes)).unchanged).toContain('formula');
  });

  it('are for administrators', async () => {
    const portal = world.keys['portal'];
    expect((await call(gateway.baseUrl, 'GET /v1/templates/export', { key: portal })).problem().code).toBe('FORBIDDEN');
    const csv = { pdf: Buffer.from('templateId,type\na,copy'), headers: { 'content-type': 'text/csv' } };
    const answer = await call(gateway.baseUrl, 'POST /v1/templates/import', { key: portal, ...csv });
    expect(answer.problem().code).toBe('FORBIDDEN');
  });
});
