import { expect, test } from '@jest/globals';
import type { ByteSource } from '../byte-source.js';
import { PdfDocument } from '../document.js';
import { bufferSource } from '../sources.js';
import { appendRevision, makePdf } from '../testing/pdf-maker.js';

const onePage = makePdf({
  objects: new Map([
    [1, '<< /Type /Catalog /Pages 2 0 R >>'],
    [2, '<< /Type /Pages /Kids [3 0 R] /Count 1 /MediaBox [0 0 200 200] >>'],
    [3, '<< /Type /Page /Parent 2 0 R >>'],
  ]),
});
const count = 700;
/** A table of 700 subsections: many windows of it. */
const many = appendRevision(
  onePage,
  new Map(Array.from({ length: count }, (_, index) => [10 + index * 2, `(${index})`])),
);

function withoutPeek(bytes: Buffer): ByteSource {
  return { size: bytes.length, read: (offset, length) => Promise.resolve(bytes.subarray(offset, offset + length)) };
}

test.each([
  ['in memory', bufferSource],
  ['read by ranges', withoutPeek],
])('a table of hundreds of subsections, %s, is read over window after window', async (_name, source) => {
  const document = await PdfDocument.open(source(many), { repair: 'refuse' });
  const [newest] = document.structure.sections;
  expect(newest?.numbers).toHaveLength(count);
  const { view } = document.structure;
  const last = await view.object(10 + (count - 1) * 2);
  expect(last?.objectNumber).toBe(10 + (count - 1) * 2);
  expect((await view.object(10))?.objectNumber).toBe(10);
  expect(await view.object(11)).toBeUndefined();
  expect((await newest?.entries())?.size).toBe(count);
});

test.each([
  ['in memory', bufferSource],
  ['read by ranges', withoutPeek],
])('subsections of a table, %s, that hold more than the limit together are refused', async (_name, source) => {
  const opened = PdfDocument.open(source(many), { limits: { maxObjects: count - 1 }, repair: 'refuse' });
  await expect(opened).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
});
