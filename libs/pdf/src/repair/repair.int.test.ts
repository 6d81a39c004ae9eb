import { describe, expect, it } from '@jest/globals';
import { faults } from '../testing/faults.js';
import { pdfsig, pdftotext, qpdf, qpdfComplaints, qpdfEncrypted, render } from '../testing/judges.js';
import { appendRevision, hybridPdf, simpleObjects, simplePdf } from '../testing/pdf-maker.js';
import { findings, open, signForReal } from '../testing/signing.js';

const three = simplePdf({ count: 3, trailer: '/ID [<00112233> (abc)]' });
const kinds: Record<string, Buffer> = {
  'a classic file': three,
  'a file of several revisions': appendRevision(three, new Map([[40, 'null']])),
  'a file with object streams': qpdf(three, '--object-streams=generate'),
  'a file with compressed streams': qpdf(three, '--object-streams=disable', '--stream-data=compress'),
  'a linearized file': qpdf(three, '--linearize'),
  'a hybrid file': hybridPdf(
    simpleObjects({ count: 3, catalog: '/Names 9 0 R' }).set(9, '<< >>').set(10, '(x)'),
    [9, 10],
  ),
};
/** What permits everything and asks nobody for a password, as it is read when it is damaged. */
const encryptions: Record<string, string> = {
  'RC4 with 128 bits': '128',
  'AES with 256 bits': '256',
  'AES with 256 bits and object streams': '256',
};
const visible = {
  pageIndex: 2,
  rectangle: { xPt: 100, yPt: 60, widthPt: 150, heightPt: 40 },
  appearance: { lines: ['Người ký', 'Ngày'], fontSizePt: 10 },
};
/** What is changed there is nothing that the cross-reference data speaks of. */
const harmless = new Set(['a file with object streams with objects on one line']);
const severity = (complaints: string): number =>
  complaints === '' ? 0 : complaints.includes('operation succeeded with warnings') ? 1 : 2;

describe.each(Object.keys(kinds))('%s', (kind) => {
  const sound = kinds[kind] ?? three;

  it.each(Object.keys(faults))('with %s is signed twice, and other software agrees', async (fault) => {
    const damaged = faults[fault]?.(sound) ?? sound;
    const before = await open(damaged);
    await before.assertSignable();
    expect(await before.pageCount()).toBe(3);
    expect(before.repaired !== undefined).toBe(!damaged.equals(sound) && !harmless.has(`${kind} with ${fault}`));
    const first = await signForReal(damaged);
    const second = await signForReal(first, { fieldName: 'Signature2', visible });
    expect(second.subarray(0, damaged.length).equals(damaged)).toBe(true);
    expect((await open(first)).repaired).toBeUndefined();
    expect(severity(qpdfComplaints(second))).toBeLessThanOrEqual(severity(qpdfComplaints(damaged)));
    const said = pdfsig(second);
    expect(said.match(/Signature is Valid/g)).toHaveLength(2);
    expect(said.match(/Total document signed/g)).toHaveLength(1);
    expect(pdftotext(first)).toBe(pdftotext(sound));
    expect(render(first).ink).toEqual(render(sound).ink);
    expect(await findings(second, 0)).toEqual([]);
    expect(await findings(second, 1)).toEqual([]);
  });
});

describe.each(Object.keys(encryptions))('a damaged file encrypted by %s', (name) => {
  const plain = name.endsWith('streams') ? qpdf(three, '--object-streams=generate') : three;
  const sound = qpdfEncrypted(plain, '', 'owner', encryptions[name] ?? '');

  it.each(['cut off before startxref', 'shifted in the middle', 'a startxref of 0', 'no startxref'])(
    'with %s is signed and stays encrypted',
    async (fault) => {
      const damaged = faults[fault]?.(sound) ?? sound;
      const before = await open(damaged);
      await before.assertSignable();
      expect(before.repaired).toBeDefined();
      const first = await signForReal(damaged);
      const second = await signForReal(first, { fieldName: 'Signature2', visible });
      expect(severity(qpdfComplaints(second))).toBeLessThanOrEqual(severity(qpdfComplaints(damaged)));
      expect(pdfsig(second).match(/Signature is Valid/g)).toHaveLength(2);
      expect(pdftotext(first)).toBe(pdftotext(sound));
      expect((await open(second)).encryption).toEqual((await open(sound)).encryption);
      expect(await findings(second, 0)).toEqual([]);
    },
  );
});
