import { describe, expect, it } from '@jest/globals';
import { bufferSource, PdfDocument, PdfError } from '../index.js';
import { qpdfEncrypted } from '../testing/judges.js';
import { makePdf, simpleObjects, simplePdf } from '../testing/pdf-maker.js';
import { open, refusal, sign, timestamp } from '../testing/signing.js';
import { rc4 } from './rc4.js';

const algorithms = [
  ['RC4 with 40 bits', ['40']],
  ['RC4 with 128 bits', ['128', '--use-aes=n']],
  ['AES with 128 bits', ['128', '--use-aes=y']],
  ['AES with 128 bits and plain metadata', ['128', '--use-aes=y', '--cleartext-metadata']],
  ['AES with 256 bits', ['256']],
  ['AES with 256 bits as Acrobat 9 wrote it', ['256', '--force-R5']],
] as const;

async function found(opened: Promise<unknown>): Promise<string> {
  const error: unknown = await opened.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof PdfError ? `${error.code}: ${error.found}` : 'opened';
}

describe.each(algorithms)('a file encrypted with %s', (_, options) => {
  const pdf = qpdfEncrypted(simplePdf(), 'user', 'owner', ...options);

  it('opens with either password, and says with which', async () => {
    expect((await open(pdf, 'user')).encryption?.openedWith).toBe('user');
    expect((await open(pdf, 'owner')).encryption?.openedWith).toBe('owner');
    expect((await open(qpdfEncrypted(simplePdf(), '', 'owner', ...options))).encryption?.openedWith).toBe('empty');
  });

  it('opens with the rights of the owner when both passwords are the same', async () => {
    const same = qpdfEncrypted(simplePdf(), 'same', 'same', ...options);
    expect((await open(same, 'same')).encryption?.openedWith).toBe('owner');
  });

  it('says whether a password is missing or wrong', async () => {
    expect(await found(open(pdf))).toBe('PASSWORD_NEEDED: none, and the empty one does not open it');
    expect(await found(open(pdf, ''))).toBe('PASSWORD_NEEDED: none, and the empty one does not open it');
    for (const wrong of ['User', 'user ', 'x'.repeat(1_000_000)]) {
      expect(await found(open(pdf, wrong))).toBe('PASSWORD_NEEDED: a password that does not open it');
    }
  });
});

describe('a password', () => {
  it.each([
    ['128', 'clé œuvre €', 'in PDFDocEncoding'],
    ['256', 'mật khẩu của tôi', 'in Vietnamese'],
    ['256', 'mật khẩu của tôi'.normalize('NFD'), 'in Vietnamese, decomposed'],
    ['256', 'p'.repeat(127), 'as long as they can be'],
    ['128', 'p'.repeat(40), 'longer than what counts'],
  ])('with %s bits: %s is understood (%s)', async (bits, password) => {
    const options = bits === '128' ? ['128', '--use-aes=y'] : ['256'];
    const pdf = qpdfEncrypted(simplePdf(), password, 'owner', ...options);
    expect((await open(pdf, password)).encryption?.openedWith).toBe('user');
  });

  it('is in no error', async () => {
    const pdf = qpdfEncrypted(simplePdf(), 'user', 'owner', '256');
    const error: unknown = await PdfDocument.open(bufferSource(pdf), { password: 'secret words' }).catch(
      (reason: unknown) => reason,
    );
    expect(String(error) + JSON.stringify(error)).not.toContain('secret words');
  });
});

/** The permissions that qpdf was told, and what they let a signer do. */
const permissions: [string, string[], { readonly create: boolean; readonly fill: boolean }][] = [
  ['against printing and copying', ['--print=none', '--extract=n'], { create: true, fill: true }],
  ['against putting pages in and out', ['--assemble=n'], { create: true, fill: true }],
  ['against everything', ['--modify=none', '--print=none', '--extract=n'], { create: false, fill: false }],
  ['so that only forms can be filled in', ['--modify=form'], { create: false, fill: true }],
  ['so that only remarks and forms are possible', ['--modify=annotate'], { create: false, fill: true }],
  ['against changes of the content only', ['--modify-other=n'], { create: false, fill: true }],
  ['against remarks', ['--annotate=n', '--form=n'], { create: false, fill: false }],
];

function codeOf(allowed: boolean): string | undefined {
  return allowed ? undefined : 'OWNER_FORBIDS';
}

describe.each([['128', '--use-aes=y'], ['128', '--use-aes=n'], ['256']])('a file restricted with %s %s', (...bits) => {
  const algorithm = bits.filter((option) => typeof option === 'string');
  const objects = simpleObjects({ page: '/Annots [9 0 R]', catalog: '/AcroForm << /Fields [9 0 R] >>' });
  objects.set(9, '<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /Rect [0 0 0 0] /P 3 0 R >>');
  const withField = makePdf({ objects });

  it.each(permissions)('%s takes what its owner permits', async (_, flags, { create, fill }) => {
    const bare = qpdfEncrypted(simplePdf(), '', 'owner', ...algorithm, ...flags);
    const form = qpdfEncrypted(withField, '', 'owner', ...algorithm, ...flags);
    expect(await refusal(sign(bare))).toBe(codeOf(create));
    expect(await refusal(sign(form, { fieldName: 'Seal' }))).toBe(codeOf(fill));
    expect(await refusal(timestamp(bare))).toBe(codeOf(fill));
    expect(await refusal((await open(bare)).assertSignable())).toBe(codeOf(create));
    expect(await refusal((await open(form)).assertSignable())).toBe(codeOf(fill));
    expect(await refusal((await open(bare, 'owner')).assertSignable())).toBeUndefined();
  });
});

describe('RC4', () => {
  it.each([
    ['Key', 'Plaintext', 'bbf316e8d940af0ad3'],
    ['Wiki', 'pedia', '1021bf0420'],
    ['Secret', 'Attack at dawn', '45a01f645fc35b383552544b9bf5'],
  ])('gives the published result for the key %s', (key, plain, expected) => {
    expect(rc4(Buffer.from(key), Buffer.from(plain)).toString('hex')).toBe(expected);
    expect(rc4(Buffer.from(key), rc4(Buffer.from(key), Buffer.from(plain))).toString()).toBe(plain);
  });
});
