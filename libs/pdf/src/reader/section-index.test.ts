import { describe, expect, it } from '@jest/globals';
import { PdfDocument } from '../document.js';
import { bufferSource } from '../sources.js';
import { completeSignature } from '../writer/complete.js';
import { prepareSignature } from '../writer/prepare.js';
import { appendRevision, simplePdf } from '../testing/pdf-maker.js';
import { PdfString } from '../syntax/values.js';
import { SectionIndex } from './section-index.js';
import type { Section } from './section.js';

function section(...runs: readonly (readonly [number, number])[]): Section {
  return { numbers: runs.map(([first, count]) => ({ first, count })) } as unknown as Section;
}

describe('the index of cross-reference sections', () => {
  it('is not made for few sections', () => {
    expect(SectionIndex.of([section([0, 3])])).toBeUndefined();
  });

  it('gives the sections that have the number from the newest to the oldest, large tables in their place', () => {
    const table = section([0, 1_000]);
    const newest = section([5, 1], [7, 2]);
    const older = section([7, 1], [7, 1]);
    const others = Array.from({ length: 6 }, () => section([2_000, 1]));
    const index = SectionIndex.of([newest, ...others, table, older]);
    expect(index?.holding(7)).toEqual([newest, table, older]);
    expect(index?.holding(5)).toEqual([newest, table]);
    expect(index?.holding(3_000)).toEqual([table]);
    expect(index?.holding(2_000)).toEqual([...others, table]);
  });

  it('finds the newest definition in a file of many revisions', async () => {
    let pdf = simplePdf();
    for (let revision = 1; revision <= 20; revision += 1) {
      pdf = appendRevision(pdf, new Map([[50, `(revision ${revision})`]]));
    }
    const { structure } = await PdfDocument.open(bufferSource(pdf));
    const { value } = (await structure.view.object(50)) ?? {};
    expect(value instanceof PdfString && value.raw().toString()).toBe('(revision 20)');
    expect(await structure.view.object(51)).toBeUndefined();
  });

  it('lets a document with 250 signatures take another, and counts each to its revision', async () => {
    const cms = Buffer.alloc(32);
    let pdf: Buffer = simplePdf();
    for (let number = 1; number <= 251; number += 1) {
      const document = await PdfDocument.open(bufferSource(pdf));
      const claims = { fieldName: `S${number}`, reservedBytes: cms.length, signingTime: new Date(0) };
      pdf = Buffer.concat([pdf, completeSignature(await prepareSignature(document, claims), cms)]);
    }
    const signatures = await (await PdfDocument.open(bufferSource(pdf))).signatures();
    expect(signatures.map(({ fieldName }) => fieldName)).toEqual(signatures.map((_, index) => `S${index + 1}`));
    expect(signatures.map(({ revision }) => revision)).toEqual(signatures.map((_, index) => index + 2));
    expect(signatures).toHaveLength(251);
  });
});
