import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { simpleObjects, makePdf, stream } from '../testing/pdf-maker.js';
import { sign } from '../testing/signing.js';

const imagePng = readFileSync(new URL('../../src/appearance/png-vectors/rgba-8.png', import.meta.url));
const visible = {
  pageIndex: 0,
  rectangle: { xPt: 10, yPt: 10, widthPt: 60, heightPt: 40 },
  appearance: { imagePng, lines: [], fontSizePt: 10 },
};

function withMetadata(xmp: string): Buffer {
  const objects = simpleObjects({ catalog: '/Metadata 90 0 R' });
  objects.set(90, stream(xmp, '/Type /Metadata /Subtype /XML'));
  return makePdf({ objects });
}

describe('a signature with a transparent image', () => {
  it.each(['<pdfaid:part>1</pdfaid:part>', "<x pdfaid:part = '1' pdfaid:conformance='B'/>"])(
    'has no soft mask on a document that says it is PDF/A-1: %s',
    async (xmp) => {
      const signed = (await sign(withMetadata(xmp), { visible })).toString('latin1');
      expect(signed).toContain('/ImageMask true');
      expect(signed).not.toContain('/SMask');
    },
  );

  it.each(['<pdfaid:part>2</pdfaid:part>', '<pdfaid:part>10</pdfaid:part>', 'nothing of the kind'])(
    'has one on any other: %s',
    async (xmp) => {
      const signed = (await sign(withMetadata(xmp), { visible })).toString('latin1');
      expect(signed).toContain('/SMask');
    },
  );
});
