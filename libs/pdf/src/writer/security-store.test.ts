import { describe, expect, it } from '@jest/globals';
import { deflateSync } from 'node:zlib';
import { buildSecurityStore } from '../index.js';
import { makePdf, simpleObjects, simplePdf, stream } from '../testing/pdf-maker.js';
import { addEvidence, open, sign } from '../testing/signing.js';

const [a, b, c] = ['3001aa', '3001bb', '3001cc'].map((hex) => Buffer.from(hex, 'hex')) as [Buffer, Buffer, Buffer];
const hex = (list: readonly Uint8Array[]): string[] => list.map((der) => Buffer.from(der).toString('hex'));

describe('the security store', () => {
  it('gives back what was put in, without duplicates', async () => {
    const pdf = await addEvidence(simplePdf(), { certificates: [a, b, a], ocspResponses: [c] });
    const more = await addEvidence(pdf, { certificates: [b, c], crls: [a] });
    const store = await (await open(more)).securityStore();
    expect(hex(store.certificates)).toEqual(['3001aa', '3001bb', '3001cc']);
    expect(hex(store.ocspResponses)).toEqual(['3001cc']);
    expect(hex(store.crls)).toEqual(['3001aa']);
  });

  it('is left alone when nothing is new', async () => {
    const pdf = await addEvidence(simplePdf(), { certificates: [a] });
    const again = await buildSecurityStore(await open(pdf), { certificates: [a], ocspResponses: [], crls: [] });
    expect(again).toBeUndefined();
    const none = await buildSecurityStore(await open(pdf), { certificates: [], ocspResponses: [], crls: [] });
    expect(none).toBeUndefined();
  });

  it.each([
    ['stands in the catalog', '<< /Certs [20 0 R] /VRI << /AB << /CRL [21 0 R] >> >> >>'],
    ['is an object', '22 0 R'],
    ['has arrays that are objects', '23 0 R'],
  ])('is merged with one that %s, whose entries stay', async (_, dss) => {
    const objects = simpleObjects({ catalog: `/DSS ${dss}` });
    const deflated = deflateSync(a).toString('latin1');
    objects.set(20, stream(deflated, '/Filter /FlateDecode'));
    objects.set(21, stream(b.toString('latin1')));
    objects.set(22, '<< /VRI << /AB << /CRL [21 0 R] >> >> /Certs [20 0 R] >>');
    objects.set(23, '<< /VRI << /AB << /CRL [21 0 R] >> >> /Certs 24 0 R >>');
    objects.set(24, '[20 0 R]');
    const pdf = await addEvidence(makePdf({ objects }), { certificates: [c, a] });
    expect(pdf.toString('latin1').slice(-600)).toMatch(/20 0 R 25 0 R\]/);
    const store = await (await open(pdf)).securityStore();
    expect(hex(store.certificates)).toEqual(['3001aa', '3001cc']);
    expect(hex(store.crls)).toEqual(['3001bb']);
  });

  it('goes on a document that was certified against any other change', async () => {
    const objects = simpleObjects({ catalog: '/Perms << /DocMDP 11 0 R >>' });
    objects.set(11, '<< /Type /Sig /Reference [<< /TransformMethod /DocMDP /TransformParams << /P 1 >> >>] >>');
    const pdf = await addEvidence(makePdf({ objects }), { certificates: [a] });
    expect(hex((await (await open(pdf)).securityStore()).certificates)).toEqual(['3001aa']);
  });

  it('adds only the store to the catalog', async () => {
    const signed = await sign(simplePdf());
    const increment = (await addEvidence(signed, { crls: [a] })).subarray(signed.length).toString('latin1');
    expect(increment).not.toMatch(/Extensions|VRI|Metadata/);
  });
});
