import { describe, expect, it } from '@jest/globals';
import type { ByteSource } from '../byte-source.js';
import { bufferSource, PdfDocument } from '../index.js';
import { makePdf, simpleObjects, simplePdf } from '../testing/pdf-maker.js';
import { open, refusal } from '../testing/signing.js';

const sizeOf = async (page: string): Promise<unknown> => (await open(simplePdf({ page }))).page(0);

describe('the page tree', () => {
  it('gives the size as displayed: CropBox and MediaBox, rotation, user unit', async () => {
    expect(await sizeOf('')).toEqual({ index: 0, widthPt: 595, heightPt: 842 });
    expect(await sizeOf('/Rotate 90')).toEqual({ index: 0, widthPt: 842, heightPt: 595 });
    expect(await sizeOf('/Rotate -90')).toEqual({ index: 0, widthPt: 842, heightPt: 595 });
    expect(await sizeOf('/Rotate 180')).toEqual({ index: 0, widthPt: 595, heightPt: 842 });
    expect(await sizeOf('/CropBox [100 100 300 1000]')).toEqual({ index: 0, widthPt: 200, heightPt: 742 });
    expect(await sizeOf('/CropBox [300 400 100 100] /UserUnit 2')).toEqual({ index: 0, widthPt: 400, heightPt: 600 });
    expect(await sizeOf('/MediaBox [0 0 100 200] /Rotate 450')).toEqual({ index: 0, widthPt: 200, heightPt: 100 });
  });

  it('passes boxes and rotation down from any level', async () => {
    const objects = simpleObjects();
    objects.set(2, '<< /Type /Pages /Count 1 /Kids [10 0 R] /Rotate 270 /MediaBox 11 0 R >>');
    objects.set(10, '<< /Type /Pages /Count 1 /Kids [3 0 R] /CropBox [0 0 12 0 R 50] >>');
    objects.set(11, '[0 0 400 300]');
    objects.set(12, '80');
    expect(await (await open(makePdf({ objects }))).page(0)).toEqual({ index: 0, widthPt: 50, heightPt: 80 });
  });

  it('finds each page of a tree of uneven branches', async () => {
    const objects = simpleObjects({ count: 5 });
    objects.set(2, '<< /Type /Pages /Count 5 /Kids [3 0 R 20 0 R 11 0 R] /MediaBox [0 0 9 9] >>');
    objects.set(20, '<< /Type /Pages /Count 3 /Kids [5 0 R 21 0 R] /MediaBox [0 0 8 8] >>');
    objects.set(21, '<< /Type /Pages /Count 2 /Kids [7 0 R 9 0 R] /MediaBox [0 0 7 7] >>');
    const document = await open(makePdf({ objects }));
    const widths = [];
    for (let index = 0; index < 5; index += 1) {
      widths.push((await document.page(index)).widthPt);
    }
    expect(widths).toEqual([9, 8, 7, 7, 9]);
    expect(await document.pageCount()).toBe(5);
  });

  it.each([-1, 3, 1.5, Number.NaN])('refuses page %d of three', async (index) => {
    expect(await refusal((await open(simplePdf({ count: 3 }))).page(index))).toBe('PAGE_UNKNOWN');
  });

  it.each(['/Count 99', '/Count -1', '/Count (2)', ''])('counts the pages itself when it reads "%s"', async (count) => {
    const objects = simpleObjects({ count: 2 });
    objects.set(2, `<< /Type /Pages ${count} /Kids [3 0 R 5 0 R] /MediaBox [0 0 9 9] >>`);
    expect(await (await open(makePdf({ objects }))).pageCount()).toBe(2);
  });

  it('refuses more pages than the limit', async () => {
    const three = bufferSource(simplePdf({ count: 3 }));
    expect(await refusal((await PdfDocument.open(three, { limits: { maxPages: 2 } })).pageCount())).toBe(
      'LIMIT_EXCEEDED',
    );
  });

  it('passes over kids that lead back up, that are nothing, and that are no pages', async () => {
    const objects = simpleObjects({ count: 2 });
    objects.set(
      2,
      '<< /Type /Pages /Count 7 /Kids [2 0 R null 20 0 R 3 0 R 99 0 R 4 0 R 5 0 R] /MediaBox [0 0 9 9] >>',
    );
    objects.set(20, '<< /Type /Pages /Count 3 /Kids [20 0 R 2 0 R] >>').set(21, '(no page)');
    const document = await open(makePdf({ objects }));
    expect(await document.pageCount()).toBe(3);
    expect(await refusal(document.page(3))).toBe('PAGE_UNKNOWN');
    objects.set(2, '<< /Type /Pages /Count 7 /Kids [2 0 R] >>');
    expect(await refusal((await open(makePdf({ objects }))).pageCount())).toBe('NO_PAGES');
  });

  it('stops at nodes that can be reached in more ways than anyone could count', async () => {
    const objects = simpleObjects();
    objects.set(2, '<< /Type /Pages /Kids [100 0 R 100 0 R] >>');
    for (let level = 100; level < 190; level += 1) {
      objects.set(level, `<< /Type /Pages /Kids [${level + 1} 0 R ${level + 1} 0 R] >>`);
    }
    const limits = { maxObjects: 1000 };
    const document = await PdfDocument.open(bufferSource(makePdf({ objects })), { limits });
    expect(await refusal(document.pageCount())).toBe('LIMIT_EXCEEDED');
  });

  it.each([
    ['too large', 9],
    ['too small', 1],
    ['negative', -4],
    ['missing', undefined],
  ])('finds the page that was meant behind a node whose /Count is %s', async (_, count) => {
    const objects = simpleObjects({ count: 4 });
    const stated = count === undefined ? '' : `/Count ${count}`;
    objects.set(2, '<< /Type /Pages /Count 4 /Kids [20 0 R 9 0 R] /MediaBox [0 0 9 9] >>');
    objects.set(20, `<< /Type /Pages ${stated} /Kids [3 0 R 5 0 R 7 0 R] /MediaBox [0 0 8 8] >>`);
    const document = await open(makePdf({ objects }));
    expect(await document.pageCount()).toBe(4);
    expect((await document.page(2)).widthPt).toBe(8);
    expect((await document.page(3)).widthPt).toBe(9);
    expect(await refusal(document.page(4))).toBe('PAGE_UNKNOWN');
  });

  it('takes a single page as root, nodes and pages without a /Type, and a page that stands twice', async () => {
    const objects = simpleObjects();
    objects.set(1, '<< /Type /Catalog /Pages 3 0 R >>');
    const single = await open(makePdf({ objects }));
    expect(await single.pageCount()).toBe(1);
    expect(await refusal(single.page(1))).toBe('PAGE_UNKNOWN');
    const untyped = simpleObjects({ count: 2 });
    untyped.set(2, '<< /Count 3 /Kids [20 0 R] /MediaBox [0 0 9 9] >>').set(20, '<< /Kids [3 0 R 5 0 R 3 0 R] >>');
    untyped.set(3, '<< /Parent 20 0 R >>').set(5, '<< /Parent 20 0 R /MediaBox [0 0 7 7] >>');
    const document = await open(makePdf({ objects: untyped }));
    expect(await document.pageCount()).toBe(3);
    expect([(await document.page(1)).widthPt, (await document.page(2)).widthPt]).toEqual([7, 9]);
  });

  it('refuses a page that is no object of its own', async () => {
    const objects = simpleObjects();
    objects.set(2, '<< /Type /Pages /Count 1 /Kids [<< /Type /Page >>] >>');
    expect(await refusal((await open(makePdf({ objects }))).page(0))).toBe('DAMAGED');
  });

  it('takes what viewers take where boxes are missing, empty, or do not meet', async () => {
    const objects = simpleObjects({ box: '0 0 0 842' });
    expect(await (await open(makePdf({ objects }))).page(0)).toEqual({ index: 0, widthPt: 612, heightPt: 792 });
    objects.set(2, '<< /Type /Pages /Count 1 /Kids [3 0 R] >>');
    expect(await (await open(makePdf({ objects }))).page(0)).toEqual({ index: 0, widthPt: 612, heightPt: 792 });
    expect(await sizeOf('/MediaBox [9 9 9]')).toEqual({ index: 0, widthPt: 595, heightPt: 842 });
    expect(await sizeOf('/CropBox [10 10 10 10]')).toEqual({ index: 0, widthPt: 595, heightPt: 842 });
    expect(await sizeOf('/CropBox [900 900 990 990]')).toEqual({ index: 0, widthPt: 595, heightPt: 842 });
    expect(await sizeOf('/Rotate 45')).toEqual({ index: 0, widthPt: 595, heightPt: 842 });
    expect(await sizeOf('/Rotate -450')).toEqual({ index: 0, widthPt: 842, heightPt: 595 });
  });

  it('reads little of a document with 2,000 pages', async () => {
    const objects = simpleObjects({ count: 2000 });
    const branches = Array.from({ length: 40 }, (_, index) => 5000 + index);
    objects.set(
      2,
      `<< /Type /Pages /Count 2000 /MediaBox [0 0 9 9] /Kids [${branches.map((n) => `${n} 0 R`).join(' ')}] >>`,
    );
    for (const [index, branch] of branches.entries()) {
      const kids = Array.from({ length: 50 }, (_, page) => `${3 + (index * 50 + page) * 2} 0 R`);
      objects.set(branch, `<< /Type /Pages /Parent 2 0 R /Count 50 /Kids [${kids.join(' ')}] >>`);
    }
    const pdf = makePdf({ objects });
    let bytesRead = 0;
    const counting: ByteSource = {
      size: pdf.length,
      read: (offset, length) => {
        const read = pdf.subarray(offset, offset + length);
        bytesRead += read.length;
        return Promise.resolve(read);
      },
    };
    const document = await PdfDocument.open(counting);
    await document.page(0);
    expect(bytesRead).toBeLessThan(12_000);
  });
});
