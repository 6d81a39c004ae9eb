import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  assert as assertProperty,
  asyncProperty,
  boolean,
  constantFrom,
  integer,
  nat,
  option,
  record,
  tuple,
  type Arbitrary,
} from 'fast-check';
import { parseCertificatesPem } from '@kyso/cms';
import { bufferSource, PdfDocument } from '@kyso/pdf';
import { makeSoftwareSigners, type SoftwareSigner } from '@kyso/sandbox';
import { validatePdf } from '@kyso/validation';
import { signedIncrement } from '../signing/software-signature.js';
import { type DocumentPlan, holders, structures, trees } from './document-plan.js';
import { writeDocument } from './document-writer.js';

const signingTime = new Date('2026-11-22T11:12:13Z');
let signers: readonly SoftwareSigner[];
let anchorPem: string;
beforeAll(async () => {
  ({ signers, anchorPem } = await makeSoftwareSigners(['Nguyễn Văn An', 'Trần Thị Bích']));
});

const box = (largest: number) =>
  tuple(
    integer({ min: -300, max: 300 }),
    integer({ min: -300, max: 300 }),
    integer({ min: 60, max: largest }),
    integer({ min: 60, max: largest }),
  ).map(([left, bottom, width, height]) => [left, bottom, left + width, bottom + height] as const);

const plans: Arbitrary<DocumentPlan> = record({
  structure: constantFrom(...structures),
  deflated: boolean(),
  tree: constantFrom(...trees),
  pages: integer({ min: 1, max: 12 }),
  countError: constantFrom(0, 0, 0, 1, -1, 1000),
  mediaBox: box(1500),
  cropBox: option(box(900), { nil: undefined }),
  isInherited: boolean(),
  rotate: constantFrom(0, 90, 180, 270, -90, 450, 720),
  userUnit: option(constantFrom(1, 2.5, 10), { nil: undefined }),
  annots: constantFrom(...holders),
  form: constantFrom(...holders),
  revisions: integer({ min: 0, max: 3 }),
  eol: constantFrom('\n', '\r\n', '\r'),
  before: constantFrom('', '', 'junk\n', '\r\n\r\n'),
  after: constantFrom('', '\n', '\r\n', ' ', '\0\0'),
});

/** Page sizes as a viewer shows them (ISO 32000-2, 14.11.2 and table 31). */
function displayed({ mediaBox, cropBox = mediaBox, rotate, userUnit, isInherited }: DocumentPlan): [number, number] {
  const shared = [
    Math.max(mediaBox[0], cropBox[0]),
    Math.max(mediaBox[1], cropBox[1]),
    Math.min(mediaBox[2], cropBox[2]),
    Math.min(mediaBox[3], cropBox[3]),
  ] as const;
  const isEmpty = shared[2] <= shared[0] || shared[3] <= shared[1];
  const [left, bottom, right, top] = isEmpty ? mediaBox : shared;
  const unit = isInherited ? 1 : (userUnit ?? 1);
  const [width, height] = [(right - left) * unit, (top - bottom) * unit];
  return rotate % 180 === 0 ? [width, height] : [height, width];
}

const open = (pdf: Uint8Array): Promise<PdfDocument> => PdfDocument.open(bufferSource(pdf));

describe('a document of any structure, page tree, box and rotation', () => {
  it('shows the size that the standard says, on every page', async () => {
    await assertProperty(
      asyncProperty(plans, async (plan) => {
        const document = await open(writeDocument(plan));
        expect(await document.pageCount()).toBe(plan.pages);
        const { widthPt, heightPt } = await document.page(plan.pages - 1);
        const [width, height] = displayed(plan);
        expect(widthPt).toBeCloseTo(width, 6);
        expect(heightPt).toBeCloseTo(height, 6);
      }),
      { numRuns: 300, seed: 20_261_122 },
    );
  });

  it('is signed twice: the original a prefix, both signatures valid, the same bytes when it is done again', async () => {
    await assertProperty(
      asyncProperty(plans, nat(), async (plan, choice) => {
        const original = writeDocument(plan);
        const [first, second] = signers;
        if (first === undefined || second === undefined) throw new Error('expected two signers');
        const pageIndex = choice % plan.pages;
        const { widthPt, heightPt } = await (await open(original)).page(pageIndex);
        const rectangle = { xPt: 0, yPt: 0, widthPt: Math.min(200, widthPt), heightPt: Math.min(80, heightPt) };
        const visible = { pageIndex, rectangle, appearance: { lines: ['Đã ký'], fontSizePt: 8 } };
        const sign = async (pdf: Buffer): Promise<Buffer> => {
          const once = Buffer.concat([
            pdf,
            await signedIncrement(await open(pdf), first, { fieldName: 'A', signingTime }),
          ]);
          const increment = await signedIncrement(await open(once), second, { fieldName: 'B', signingTime, visible });
          return Buffer.concat([once, increment]);
        };
        const signed = await sign(original);
        expect(signed.subarray(0, original.length).equals(original)).toBe(true);
        expect((await sign(original)).equals(signed)).toBe(true);

        const reopened = await open(signed);
        expect(await reopened.pageCount()).toBe(plan.pages);
        expect((await reopened.signatures()).map(({ fieldName }) => fieldName)).toEqual(['A', 'B']);
        const trustAnchors = parseCertificatesPem(anchorPem);
        const { signatures } = await validatePdf(bufferSource(signed), { trustAnchors, now: new Date() });
        expect(
          signatures.map(({ integrity, coverage, certificateChain }) => [integrity, coverage, certificateChain]),
        ).toEqual([
          ['passed', 'whole-revision', 'passed'],
          ['passed', 'whole-file', 'passed'],
        ]);
      }),
      { numRuns: 200, seed: 20_261_122 },
    );
  });
});
