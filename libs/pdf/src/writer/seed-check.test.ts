import { describe, expect, it } from '@jest/globals';
import type { PrepareOptions } from '../index.js';
import { makePdf, simpleObjects } from '../testing/pdf-maker.js';
import { findings, open, refusal, sign } from '../testing/signing.js';

const field = (seeds: string, more = ''): Buffer => {
  const objects = simpleObjects({ page: '/Annots [10 0 R]', catalog: '/AcroForm << /Fields [10 0 R 12 0 R] >>' });
  objects.set(10, `<< /Type /Annot /Subtype /Widget /FT /Sig /T (Seal) /P 3 0 R /Rect [0 0 0 0] /SV 11 0 R ${more} >>`);
  objects.set(11, `<< /Type /SV ${seeds} >>`);
  objects.set(12, '<< /FT /Tx /T (Other) >>');
  return makePdf({ objects });
};
const bit = (position: number): string => `/Ff ${2 ** (position - 1)}`;
const certificateDer = Buffer.from('3003020101', 'hex');
const issuer = Buffer.from('3003020102', 'hex');
const signer = { digestAlgorithm: 'sha256', timestamped: true, certificateDer, issuersDer: [issuer] } as const;
const facts: Partial<PrepareOptions> = { fieldName: 'Seal', signer };
const reason = 'Phê duyệt';
const pheDuyet = '<FEFF0050006800EA002000640075007900691EC70074>';
const phe = (text: string): string => `<FEFF${Buffer.from(text, 'utf16le').swap16().toString('hex')}>`;

describe('a required seed value', () => {
  it.each<[string, string, Partial<PrepareOptions>]>([
    ['Filter', `/Filter /Adobe.PPKLite ${bit(1)}`, {}],
    ['SubFilter', `/SubFilter [/adbe.pkcs7.detached /ETSI.CAdES.detached] ${bit(2)}`, {}],
    ['V', `/V 3 ${bit(3)}`, {}],
    ['Reasons', `/Reasons [(x) ${phe(reason)}] ${bit(4)}`, { reason }],
    ['Reasons that must be none', `/Reasons [(.)] ${bit(4)}`, {}],
    ['Reasons left out', bit(4), {}],
    ['AddRevInfo false', `/AddRevInfo false ${bit(6)}`, {}],
    ['DigestMethod', `/DigestMethod [/SHA512 /SHA256] ${bit(7)}`, {}],
    ['LockDocument auto', `/LockDocument /auto ${bit(8)}`, {}],
    ['TimeStamp', '/TimeStamp << /URL (http://tsa.example) /Ff 1 >>', {}],
    ['MDP 0', '/MDP << /P 0 >>', {}],
    ['MDP 2', '/MDP << /P 2 >>', { certify: 2 }],
    ['Cert by Subject', '/Cert << /Subject [<3003020101>] /Ff 1 >>', {}],
    ['Cert by Issuer', '/Cert << /Issuer [<3003020109> <3003020102>] /Ff 2 >>', {}],
  ])('is obeyed: %s', async (_, seeds, options) => {
    const signed = await sign(field(seeds), { ...facts, ...options });
    expect(await findings(signed)).toEqual([]);
  });

  it.each<[string, string, Partial<PrepareOptions>]>([
    ['Filter', `/Filter /Entrust.PPKEF ${bit(1)}`, {}],
    ['SubFilter', `/SubFilter [/adbe.pkcs7.sha1] ${bit(2)}`, {}],
    ['V', `/V 4 ${bit(3)}`, {}],
    ['Reasons', `/Reasons [(x) (y)] ${bit(4)}`, { reason }],
    ['Reasons without a reason given', `/Reasons [(x)] ${bit(4)}`, {}],
    ['Reasons that must be none', `/Reasons [] ${bit(4)}`, { reason }],
    ['LegalAttestation', `/LegalAttestation [(x)] ${bit(5)}`, {}],
    ['AddRevInfo', `/AddRevInfo true ${bit(6)}`, {}],
    ['DigestMethod', `/DigestMethod [/SHA512] ${bit(7)}`, {}],
    ['DigestMethod of an unknown signature', `/DigestMethod [/SHA256] ${bit(7)}`, { signer: {} }],
    ['AppearanceFilter', `/AppearanceFilter (Company) ${bit(9)}`, {}],
    ['a bit that means nothing', bit(10), {}],
    ['TimeStamp', '/TimeStamp << /Ff 1 >>', { signer: { ...signer, timestamped: false } }],
    ['MDP 0 on a certification', '/MDP << /P 0 >>', { certify: 1 }],
    ['MDP 1 without a certification', '/MDP << /P 1 >>', {}],
    ['MDP with another P', '/MDP << /P 1 >>', { certify: 3 }],
    ['Cert by Subject', '/Cert << /Subject [<3003020109>] /Ff 1 >>', {}],
    ['Cert by Issuer', '/Cert << /Issuer [<3003020109>] /Ff 2 >>', {}],
    ['Cert by policy', '/Cert << /OID [(1.2.3)] /Ff 4 >>', {}],
    ['Cert by name', '/Cert << /SubjectDN [<< /CN (x) >>] /Ff 8 >>', {}],
    ['Cert by key usage', '/Cert << /KeyUsage [(1)] /Ff 32 >>', {}],
    ['Cert by signature policy', '/Cert << /SignaturePolicyOID (1.2.3) >>', {}],
  ])('is refused where it cannot be met: %s', async (_, seeds, options) => {
    expect(await refusal(sign(field(seeds), { ...facts, ...options }))).toBe('FIELD_UNUSABLE');
  });

  it('says what would do', async () => {
    const pdf = field(`/DigestMethod [/SHA384 /SHA512] ${bit(7)}`);
    await expect(sign(pdf, facts)).rejects.toMatchObject({
      expected: 'DigestMethod SHA384, SHA512, as a seed value of the field requires',
      found: 'SHA256',
    });
  });
});

describe('a seed value that is not required', () => {
  it.each([
    '/Filter /Entrust.PPKEF',
    '/SubFilter [/adbe.pkcs7.sha1]',
    '/DigestMethod [/SHA512]',
    `/Reasons [${pheDuyet}]`,
    '/LegalAttestation [(x)]',
    '/AddRevInfo true',
    '/AppearanceFilter (Company)',
    '/TimeStamp << /URL (http://127.0.0.1/) >>',
    '/Cert << /Subject [<3003020109>] >>',
  ])('leaves the choice to the signer: %s', async (seeds) => {
    expect(await refusal(sign(field(seeds), facts))).toBeUndefined();
  });

  it('locks the document where the author wants it, as FieldMDP with P 1', async () => {
    const pdf = field('/LockDocument /true');
    const signed = await sign(pdf, facts);
    expect(signed.toString('latin1')).toContain('/V /1.2 /Action /All /P 1 >>');
    expect(await refusal(sign(signed, { fieldName: 'New' }))).toBe('CERTIFIED');
  });

  it('is listed with the field', async () => {
    const pdf = field(`/SubFilter [/ETSI.CAdES.detached] /Reasons [(a) (b)] /MDP << /P 1 >> ${bit(2)}`);
    expect((await (await open(pdf)).signatureFields())[0]?.seedValues).toEqual({
      subFilters: { value: ['ETSI.CAdES.detached'], required: true },
      reasons: { value: ['a', 'b'], required: false },
      mdp: 1,
      unknownRequirements: [],
    });
  });
});
