import { describe, expect, it } from '@jest/globals';
import { bufferSource, findModifications, PdfDocument, prepareSignature } from './index.js';
import { makePdf, simpleObjects } from './testing/pdf-maker.js';
import { addEvidence, fakeCms, sign, signingTime, timestamp } from './testing/signing.js';

const objects = simpleObjects({ count: 2, page: '/Annots 20 0 R', catalog: '/AcroForm 21 0 R' });
objects.set(20, '[23 0 R]').set(21, '<< /Fields [23 0 R] >>');
objects.set(23, '<< /Type /Annot /Subtype /Widget /FT /Tx /T (Name) /Rect [0 0 0 0] /P 3 0 R >>');
const sound = await timestamp(
  await addEvidence(await sign(makePdf({ objects, ending: '' })), { certificates: [fakeCms] }),
);

/** A small generator (mulberry32), so that a failure can be repeated from its seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const pieces = [
  '<<',
  '>>',
  '[',
  ']',
  '(',
  ')',
  ' 0 R',
  ' 2 0 R',
  '-1',
  '99999999999999999999',
  '/Kids',
  'null',
  '%',
  '\0',
];

function spoil(seed: number): Buffer {
  const random = randomFrom(seed);
  const pick = (limit: number): number => Math.floor(random() * limit);
  let pdf = Buffer.from(sound);
  for (let changes = 1 + pick(4); changes > 0; changes -= 1) {
    const at = pick(pdf.length);
    switch (pick(5)) {
      case 0:
        pdf[at] = pick(256);
        break;
      case 1:
        pdf = pdf.subarray(0, at);
        break;
      case 2:
        pdf = Buffer.concat([pdf.subarray(0, at), pdf.subarray(at + pick(60))]);
        break;
      case 3:
        pdf.write(pieces[pick(pieces.length)] ?? '', at, 'latin1');
        break;
      default:
        // Digits are where offsets, lengths and references are.
        for (let index = at; index < Math.min(at + 200, pdf.length); index += 1) {
          const code = pdf[index] ?? 0;
          if (code >= 0x30 && code <= 0x39 && pick(6) === 0) {
            pdf[index] = 0x30 + pick(10);
          }
        }
    }
  }
  return pdf;
}

async function everything(pdf: Buffer): Promise<void> {
  const document = await PdfDocument.open(bufferSource(pdf), { limits: { deadlineMs: 2000 } });
  await document.pageCount();
  await document.page(0);
  await document.revisions();
  await document.securityStore();
  for (const signature of await document.signatures()) {
    await findModifications(document, signature);
  }
  await prepareSignature(document, { fieldName: 'Next', reservedBytes: 32, signingTime });
}

describe('a spoiled file', () => {
  it('is read or refused with a PdfError, and never anything else', async () => {
    let refused = 0;
    for (let seed = 1; seed <= 1500; seed += 1) {
      try {
        await everything(spoil(seed));
      } catch (error) {
        refused += 1;
        expect({ seed, name: error instanceof Error ? error.name : error }).toEqual({ seed, name: 'PdfError' });
      }
    }
    expect(refused).toBeGreaterThan(100);
    expect(refused).toBeLessThan(1500);
  });

  it('is refused wherever it is cut off, unless no signature is left', async () => {
    const firstSignature = sound.indexOf('/ByteRange') + 10;
    // An earlier revision is a sound file, also with the first characters of the next one.
    const ends = (await (await PdfDocument.open(bufferSource(sound))).revisions()).map(({ end }) => end);
    let accepted = 0;
    for (let length = sound.length - 1; length > 0; length -= 7) {
      try {
        await (await PdfDocument.open(bufferSource(sound.subarray(0, length)))).assertSignable();
        accepted += length < firstSignature || ends.some((end) => end - length < 3 && length - end < 10) ? 0 : 1;
      } catch (error) {
        expect(error).toMatchObject({ name: 'PdfError' });
      }
    }
    expect(accepted).toBe(0);
  });

  it('is refused wherever it is cut off by whoever judges signatures', async () => {
    const ends = (await (await PdfDocument.open(bufferSource(sound))).revisions()).map(({ end }) => end);
    let accepted = 0;
    for (let length = sound.length - 1; length > 0; length -= 7) {
      try {
        const cut = bufferSource(sound.subarray(0, length));
        await (await PdfDocument.open(cut, { repair: 'refuse' })).assertSignable();
        accepted += ends.some((end) => end - length < 3 && length - end < 10) ? 0 : 1;
      } catch (error) {
        expect(error).toMatchObject({ name: 'PdfError' });
      }
    }
    expect(accepted).toBe(0);
  });
});
