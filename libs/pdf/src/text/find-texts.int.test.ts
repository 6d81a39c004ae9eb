import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bufferSource } from '../sources.js';
import { inFolder } from '../testing/judges.js';
import type { Rectangle } from '../types.js';
import { findTexts, type TextPlace, type TextQuery } from './index.js';

const sample = readFileSync(new URL('../../../../samples/quyet-dinh.pdf', import.meta.url));

/** One page with one font, Helvetica, in Latin-1. `page`: more entries of the page. */
function onePage(content: string, page = '/MediaBox[0 0 300 400]', annotation?: string): Buffer {
  const annots = annotation === undefined ? '' : '/Annots[6 0 R]';
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    '<</Type/Pages/Kids[3 0 R]/Count 1>>',
    `<</Type/Page/Parent 2 0 R${page}/Resources<</Font<</F 4 0 R>>>>/Contents 5 0 R${annots}>>`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>',
    `<</Length ${Buffer.byteLength(content, 'latin1')}>>stream\n${content}\nendstream`,
    ...(annotation === undefined
      ? []
      : [
          '<</Type/Annot/Subtype/Stamp/Rect[50 50 250 100]/F 4/AP<</N 7 0 R>>>>',
          `<</Type/XObject/Subtype/Form/BBox[0 0 100 25]/Resources<</Font<</F 4 0 R>>>>/Length ${annotation.length}>>stream\n${annotation}\nendstream`,
        ]),
  ];
  let body = '%PDF-1.7\n';
  const offsets = objects.map((object, index) => {
    const offset = body.length;
    body += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return offset;
  });
  const rows = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('');
  const size = objects.length + 1;
  body += `xref\n0 ${size}\n0000000000 65535 f \n${rows}trailer\n<</Size ${size}/Root 1 0 R>>\nstartxref\n${body.length}\n%%EOF\n`;
  return Buffer.from(body, 'latin1');
}

async function places(pdf: Uint8Array, query: string | TextQuery): Promise<TextPlace[]> {
  const [found] = await findTexts(bufferSource(pdf), [typeof query === 'string' ? { text: query } : query]);
  return found ?? [];
}

/** The words of a page as poppler places them, from the lower left corner of the page as displayed. */
function popplerWords(pdf: Uint8Array, turned = false): { text: string; rectangle: Rectangle }[] {
  const html = inFolder((folder) => {
    writeFileSync(join(folder, 'in.pdf'), pdf);
    return execFileSync('pdftotext', ['-bbox', '-cropbox', '-l', '1', join(folder, 'in.pdf'), '-'], {
      encoding: 'utf8',
    });
  });
  // It states the sides of the page as it is without /Rotate.
  const [, width, unturned] = /<page width="([\d.]+)" height="([\d.]+)"/.exec(html) ?? [];
  const height = Number(turned ? width : unturned);
  const word = /<word xMin="([-\d.]+)" yMin="([-\d.]+)" xMax="([-\d.]+)" yMax="([-\d.]+)">([^<]*)</g;
  return [...html.matchAll(word)].map(([, x1, y1, x2, y2, text]) => ({
    text: text ?? '',
    rectangle: {
      xPt: Number(x1),
      yPt: height - Number(y2),
      widthPt: Number(x2) - Number(x1),
      heightPt: Number(y2) - Number(y1),
    },
  }));
}

function expectNear(found: Rectangle | undefined, expected: Rectangle | undefined, tolerancePt: number): void {
  expect(found).toBeDefined();
  for (const side of ['xPt', 'yPt', 'widthPt', 'heightPt'] as const) {
    expect(Math.abs((found?.[side] ?? NaN) - (expected?.[side] ?? NaN))).toBeLessThanOrEqual(tolerancePt);
  }
}

const name = 'BT /F 12 Tf 50 300 Td (Signed by JOHN SMITH here) Tj ET';

describe('places of text', () => {
  test('are those that poppler gives, for words all over a Vietnamese decision', async () => {
    const words = popplerWords(sample).filter(({ text }) => /^\p{L}{4,}$/u.test(text));
    const chosen = words.filter((_, index) => index % 30 === 0);
    expect(chosen.length).toBeGreaterThan(3);
    const queries = chosen.map(({ text }) => ({ text, caseSensitive: true, pages: { first: 0, last: 0 } }));
    const found = await findTexts(bufferSource(sample), queries);
    for (const [index, { rectangle }] of chosen.entries()) {
      const nearest = found[index]?.find(
        (place) => Math.hypot(place.rectangle.xPt - rectangle.xPt, place.rectangle.yPt - rectangle.yPt) < 2,
      );
      expectNear(nearest?.rectangle, rectangle, 0.5);
    }
  }, 120_000);

  test('are found whether the query is composed or decomposed, in capitals or not', async () => {
    const [composed, decomposed] = [
      await places(sample, 'hưng yên'),
      await places(sample, 'HƯNG YÊN'.normalize('NFD')),
    ];
    expect(composed.length).toBeGreaterThan(1);
    expect(decomposed).toEqual(composed);
    const capitals = await places(sample, { text: 'HƯNG YÊN', caseSensitive: true });
    expect(capitals.length).toBeLessThan(composed.length);
  });

  test('a text over a line break has a box for each line and one around both', async () => {
    const [place] = await places(sample, 'Vàng thuê đất để xây dựng');
    expect(place?.lines.map(({ text }) => text)).toEqual(['Vàng thuê đất', 'để xây dựng']);
    expect(place?.rectangle.heightPt).toBeGreaterThan(25);
  });

  test.each([
    ['upright', '/MediaBox[0 0 300 400]'],
    ['turned by 90', '/MediaBox[0 0 300 400]/Rotate 90'],
    ['turned by 180', '/MediaBox[0 0 300 400]/Rotate 180'],
    ['turned by 270', '/MediaBox[0 0 300 400]/Rotate 270'],
    ['with a CropBox off the origin', '/MediaBox[-20 -30 300 400]/CropBox[20 30 280 390]'],
    ['with a CropBox, turned', '/MediaBox[-20 -30 300 400]/CropBox[20 30 280 390]/Rotate 90'],
  ])('page %s', async (_, page) => {
    const pdf = onePage(name, page);
    const expected = popplerWords(pdf, /Rotate (90|270)/.test(page)).find(({ text }) => text === 'SMITH');
    const [place] = await places(pdf, 'SMITH');
    expectNear(place?.rectangle, expected?.rectangle, 1.5);
  });

  test('UserUnit counts: places are in points of the page as displayed', async () => {
    const [one] = await places(onePage(name), 'SMITH');
    const [two] = await places(onePage(name, '/MediaBox[0 0 300 400]/UserUnit 2'), 'SMITH');
    expect(two?.rectangle.xPt).toBeCloseTo(2 * (one?.rectangle.xPt ?? 0), 3);
    expect(two?.rectangle.heightPt).toBeCloseTo(2 * (one?.rectangle.heightPt ?? 0), 3);
  });

  test.each([
    ['by spaces', 'BT /F 12 Tf 50 300 Td (J O H N   S M I T H) Tj ET'],
    ['by the character spacing', 'BT /F 12 Tf 6 Tc 50 300 Td (JOHN SMITH) Tj ET'],
    ['letter by letter', 'JOHN SMITH'.split('').map((letter, index) => `BT /F 12 Tf ${50 + index * 14} 300 Td (${letter}) Tj ET`).reverse().join('\n')], // prettier-ignore
    ['a little', 'BT /F 12 Tf [(J) -150 (O) -150 (H) -150 (N) -900 (S) -150 (M) -150 (I) -150 (T) -150 (H)] TJ ET'],
  ])('letters spaced out %s', async (_, content) => {
    expect(
      await places(onePage(content.replace('BT /F 12 Tf [', 'BT /F 12 Tf 50 300 Td [')), 'john smith'),
    ).toHaveLength(1);
  });

  test('words that only happen to make up the text are no place of it', async () => {
    const pdf = onePage('BT /F 12 Tf 50 300 Td (the villa nears; a SMITHY; BLACKSMITH) Tj ET');
    expect(await places(pdf, 'LAN')).toEqual([]);
    expect(await places(pdf, 'SMITH')).toEqual([]);
    expect(await places(pdf, { text: 'SMITH', wholeWords: false })).toHaveLength(2);
  });

  test('accents that are drawn apart belong to their letter', async () => {
    // E, then a circumflex and an acute over it; é as an accent first and the letter moved under it.
    const content =
      'BT /F 12 Tf 50 300 Td (H) Tj (I) Tj (E) Tj ET BT /F 12 Tf 64.5 303 Td (\\210) Tj ET BT /F 12 Tf 64.7 305 Td (\\264) Tj ET ' +
      'BT /F 12 Tf 70 300 Td (N) Tj ET BT /F 12 Tf 50 250 Td [(\\264) 445 (e) -200 (t) ] TJ ET';
    const [found] = await places(onePage(content), 'HIẾN');
    expect(found?.text).toBe('HIẾN');
  });

  test('letters drawn twice to look bold count once', async () => {
    const bold = `${name} BT /F 12 Tf 50.4 300 Td (Signed by JOHN SMITH here) Tj ET`;
    expect(await places(onePage(bold), 'JOHN SMITH')).toHaveLength(1);
  });

  test('two columns are not one line', async () => {
    const pdf = onePage(
      'BT /F 12 Tf 20 300 Td (JOHN) Tj 180 0 Td (MARY) Tj -180 -15 Td (SMITH) Tj 180 0 Td (JONES) Tj ET',
    );
    expect(await places(pdf, 'JOHN SMITH')).toHaveLength(1);
    expect(await places(pdf, 'MARY JONES')).toHaveLength(1);
    expect(await places(pdf, 'JOHN MARY')).toEqual([]);
  });

  test('several places come in reading order', async () => {
    const pdf = onePage('BT /F 12 Tf 50 100 Td (SMITH) Tj 0 200 Td (SMITH) Tj 120 0 Td (SMITH) Tj ET');
    const found = await places(pdf, 'SMITH');
    expect(found.map(({ rectangle: { xPt, yPt } }) => [Math.round(xPt), yPt > 200])).toEqual([[50, true], [170, true], [50, false]]); // prettier-ignore
  });

  test('text of annotations is found where they show it', async () => {
    const pdf = onePage('', '/MediaBox[0 0 300 400]', 'BT /F 10 Tf 10 10 Td (SMITH) Tj ET');
    const [place] = await places(pdf, 'SMITH');
    // The appearance is scaled by two and moved to the rectangle.
    expect(place?.rectangle.xPt).toBeCloseTo(50 + 2 * 10, 1);
  });
});

describe('several texts', () => {
  test('are found in one reading, each as if it were alone, in the order in which they were asked for', async () => {
    const queries: TextQuery[] = [
      { text: 'hưng yên' },
      { text: 'HƯNG YÊN', caseSensitive: true },
      { text: 'Trần Thị Không Có' },
      { text: 'hưng yên', pages: { first: 0, last: 0 } },
      { text: 'hưng yên', pages: { first: 900, last: 900 } },
    ];
    let readBytes = 0;
    const source = bufferSource(sample);
    const counted = {
      size: source.size,
      read: async (offset: number, length: number): Promise<Uint8Array> => {
        readBytes += length;
        return source.read(offset, length);
      },
    };
    const together = await findTexts(counted, queries);
    const bytesTogether = readBytes;
    readBytes = 0;
    const alone = await findTexts(counted, [{ text: 'hưng yên' }]);
    expect(bytesTogether).toBe(readBytes);
    expect(together[0]).toEqual(alone[0]);
    for (const [index, query] of queries.entries()) expect(together[index]).toEqual(await places(sample, query));
    expect(together.map((found) => found.length > 0)).toEqual([true, true, false, true, false]);
  }, 60_000);

  test('no text has no place', async () => {
    expect(await findTexts(bufferSource(sample), [])).toEqual([]);
  });

  test('beyond three hundred are refused', async () => {
    const queries = Array.from({ length: 301 }, (_, index) => ({ text: `number ${index}` }));
    await expect(findTexts(bufferSource(sample), queries)).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      expected: 'at most 300 texts',
    });
  });

  test('more places than anybody means are refused, and the text is named', async () => {
    const pdf = onePage(`BT /F 4 Tf 4 TL 5 390 Td ${'(SMITH SMITH SMITH SMITH SMITH SMITH) Tj T* '.repeat(170)}ET`);
    await expect(findTexts(bufferSource(pdf), [{ text: 'JOHN' }, { text: 'SMITH' }])).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      expected: 'at most 1000 places of "SMITH"',
    });
  });
});

describe('hostile files', () => {
  test.each([
    ['no PDF', Buffer.from('hello'), 'DAMAGED'],
    ['half a PDF of nothing', Buffer.from('%PDF-1.7\n1 0 obj\n<</Type'), 'DAMAGED'],
    [
      'a page tree that lists itself',
      Buffer.from(onePage('').toString('latin1').replace('/Kids[3 0 R]/Count 1', '/Kids[2 0 R]/Count 1'), 'latin1'),
      'DAMAGED',
    ],
  ])('%s is refused', async (_, bytes, code) => {
    await expect(places(bytes, 'x')).rejects.toMatchObject({ code });
  });

  test('a search beyond its deadline is ended', async () => {
    const search = findTexts(bufferSource(sample), [{ text: 'x' }], { isolation: { deadlineMs: 50 } });
    await expect(search).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', found: 'no answer yet' });
  });

  test('a search beyond its memory is ended', async () => {
    const search = findTexts(bufferSource(sample), [{ text: 'x' }], { isolation: { maxRssBytes: 60 * 1024 ** 2 } });
    await expect(search).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  test('content that draws for ever is ended', async () => {
    const content = 'BT /F 12 Tf 50 300 Td (SMITH) Tj ET '.repeat(200_000);
    const search = findTexts(bufferSource(onePage(content)), [{ text: 'SMITH' }], {
      isolation: { deadlineMs: 15_000 },
    });
    await expect(search).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  test('a text longer than any placement is refused', async () => {
    await expect(places(sample, 'x'.repeat(501))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });

  test('more pages than any document has are refused before one is read', async () => {
    const many = `/Kids[${'<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>'.repeat(10_001)}]/Count 10001`;
    const pdf = onePage(name).toString('latin1').replace('/Kids[3 0 R]/Count 1', many);
    const search = findTexts(bufferSource(Buffer.from(pdf, 'latin1')), [{ text: 'SMITH' }]);
    await expect(search).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED', expected: 'at most 10000 pages searched' });
  });
});
