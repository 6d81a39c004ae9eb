import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { prepareSignature } from '../index.js';
import { pdfsig, pdftotext, qpdfComplaints, qpdfDecrypted, qpdfEncrypted, render } from '../testing/judges.js';
import { makePdf, simpleObjects } from '../testing/pdf-maker.js';
import { addEvidence, findings, open, signForReal, signingTime, timestamp } from '../testing/signing.js';

const imagePng = readFileSync(new URL('../../src/appearance/png-vectors/rgba-8.png', import.meta.url));
const lines = ['Người ký: Nguyễn Văn Ánh', 'Uỷ ban nhân dân'];
const visible = {
  pageIndex: 0,
  rectangle: { xPt: 36, yPt: 36, widthPt: 200, heightPt: 80 },
  appearance: { imagePng, lines, fontSizePt: 10 },
};
const claims = { name: 'Nguyễn Văn Ánh', reason: 'Đồng ý (phê duyệt)', location: 'Hà Nội' };

/** Strings in every dictionary that signing has to write again: catalog, form, fields, annotations, page. */
const plain = (() => {
  const objects = simpleObjects({ count: 3, page: '/Annots 20 0 R /X (page \\(1\\))', catalog: '/AcroForm 21 0 R' });
  const catalog = objects.get(1)?.replace('>>', '/Lang (vi-VN) /Y << /Deep [(in the catalog) <c3a9>] >> >>') ?? '';
  objects.set(1, catalog);
  objects.set(20, '[ 23 0 R << /Type /Annot /Subtype /Text /Rect [9 9 9 9] /Contents (direct remark) >> ]');
  objects.set(21, '<< /Fields [ 23 0 R 24 0 R ] /DA (/Helv 12 Tf 0 g) >>');
  objects.set(23, '<< /Type /Annot /Subtype /Widget /FT /Tx /T (Name) /V (Typed text) /Rect [0 0 0 0] /P 3 0 R >>');
  objects.set(24, '<< /FT /Sig /T (Empty) /TU (empty one) /Rect [0 0 0 0] /Type /Annot /Subtype /Widget /P 3 0 R >>');
  return makePdf({ objects, trailer: '/ID [<00112233445566778899aabbccddeeff> <00>]' });
})();

const algorithms = {
  'RC4 with 40 bits': ['40'],
  'RC4 with 128 bits': ['128', '--use-aes=n'],
  'RC4 with 128 bits by crypt filters': ['128', '--use-aes=n', '--force-V4'],
  'AES with 128 bits': ['128', '--use-aes=y'],
  'AES with 128 bits and plain metadata': ['128', '--use-aes=y', '--cleartext-metadata'],
  'AES with 256 bits': ['256'],
  'AES with 256 bits and plain metadata': ['256', '--cleartext-metadata'],
  'AES with 256 bits as Acrobat 9 wrote it': ['256', '--force-R5'],
} as const;
const expectedAlgorithm = (name: string): string =>
  name.startsWith('RC4 with 40')
    ? 'RC4-40'
    : name.startsWith('RC4')
      ? 'RC4-128'
      : name.slice(0, 3) + '-' + name.slice(9, 12);

const layouts = {
  'a classic table': ['--object-streams=disable'],
  'object streams': ['--object-streams=generate'],
  'object streams, linearized': ['--object-streams=generate', '--linearize'],
  'a classic table, linearized': ['--object-streams=disable', '--linearize'],
} as const;

const passwords = {
  'the empty password': { user: '', owner: 'proprietaire', given: undefined, openedWith: 'empty' },
  'the user password': { user: 'lecteur (1)', owner: 'proprietaire', given: 'lecteur (1)', openedWith: 'user' },
  'the owner password': { user: 'lecteur (1)', owner: 'proprietaire', given: 'proprietaire', openedWith: 'owner' },
} as const;

const cases = Object.entries(algorithms).flatMap(([algorithm, options]) =>
  Object.entries(layouts).flatMap(([layout, form], index) =>
    // Each layout with the empty password, one of them with the others: passwords and layouts don't meet in the code.
    Object.entries(passwords)
      .filter(([, { given }]) => given === undefined || index === 1)
      .map(([how, password]) => [`${algorithm}, ${layout}, ${how}`, { algorithm, options, form, password }] as const),
  ),
);

async function incrementHash(pdf: Buffer, password: string | undefined): Promise<string> {
  const options = { fieldName: 'Signature1', reservedBytes: 64, signingTime, visible, ...claims };
  const { increment } = await prepareSignature(await open(pdf, password), options);
  return createHash('sha256').update(increment).digest('hex');
}

describe.each(cases)('signing a document encrypted with %s', (_, { algorithm, options, form, password }) => {
  const { user, owner, given, openedWith } = password;
  const original = qpdfEncrypted(plain, user, owner, ...options, ...form);

  /** The password as each program takes it. */
  function access(program: 'qpdf' | 'poppler'): string[] {
    if (given === undefined) {
      return [];
    }
    const flag = openedWith === 'owner' ? '-opw' : '-upw';
    return program === 'qpdf' ? [`--password=${given}`] : [flag, given];
  }
  const withPassword = given === undefined ? {} : { password: given };

  it('gives an invisible and a visible signature, evidence and a time-stamp that other software accepts', async () => {
    const document = await open(original, given);
    expect(document.encryption).toMatchObject({ algorithm: expectedAlgorithm(algorithm), openedWith });
    const first = await signForReal(original, { ...claims, ...withPassword });
    const second = await signForReal(first, { fieldName: 'Signature2', visible, ...claims, ...withPassword });
    const stored = await addEvidence(second, { certificates: [Buffer.alloc(900, 1)], ...withPassword });
    const whole = await timestamp(stored, 'Timestamp1', given);

    expect(whole.subarray(0, original.length).equals(original)).toBe(true);
    expect(qpdfComplaints(whole, ...access('qpdf'))).toBe(qpdfComplaints(original, ...access('qpdf')));
    expect(pdfsig(second, ...access('poppler')).match(/Signature is Valid/g)).toHaveLength(2);
    expect(pdfsig(whole, ...access('poppler')).match(/Signer Certificate Common Name: Test signer/g)).toHaveLength(2);

    const words = (pdf: Buffer): string[] =>
      pdftotext(pdf, ...access('poppler'))
        .split(/\s*\n\s*/)
        .filter((line) => line !== '');
    expect(words(whole).filter((line) => !lines.includes(line))).toEqual(words(original));
    expect(words(whole).filter((line) => lines.includes(line))).toEqual(lines);
    const [before, after] = [render(original, 1, ...access('poppler')), render(whole, 1, ...access('poppler'))];
    expect(after.ink?.top).toBe(before.ink?.top);
    expect(after.ink?.bottom).toBeGreaterThan(842 - 36 - 80);
    expect(render(whole, 2, ...access('poppler')).ink).toEqual(render(original, 2, ...access('poppler')).ink);

    const again = await open(whole, given);
    const signatures = await again.signatures();
    expect(signatures.map(({ kind }) => kind)).toEqual(['signature', 'signature', 'document-timestamp']);
    expect(signatures[0]).toMatchObject(claims);
    expect((await again.securityStore()).certificates).toEqual([Buffer.alloc(900, 1)]);
    for (const index of [0, 1, 2]) {
      expect(await findings(whole, index, given)).toEqual([]);
    }
  });

  it('leaves every string readable, those that were written again and the new ones', async () => {
    const first = await signForReal(original, { ...claims, ...withPassword });
    const filled = await signForReal(first, { fieldName: 'Empty', ...claims, ...withPassword });
    const text = qpdfDecrypted(filled, given ?? '');
    for (const kept of [
      'vi-VN',
      'in the catalog',
      'direct remark',
      '/Helv 12 Tf 0 g',
      'Typed text',
      'empty one',
      'page \\(1\\)',
    ]) {
      expect(text).toContain(`(${kept})`);
    }
    expect(text.match(/\/T \(Signature1\)/g)).toHaveLength(1);
    const hex = Buffer.from(`\ufeff${claims.name}`, 'utf16le').swap16().toString('hex');
    expect(text.match(new RegExp(`/Name <${hex}>`, 'g'))).toHaveLength(2);
  });

  it('gives the same bytes when it is prepared again', async () => {
    expect(await incrementHash(original, given)).toBe(await incrementHash(original, given));
  });
});
