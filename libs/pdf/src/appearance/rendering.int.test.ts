import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { decode } from 'fast-png';
import { objectBody } from '../testing/appearance-objects.js';
import type { AppearanceSpec } from '../types.js';
import { createAppearance } from './appearance.js';

const imagePng = readFileSync(new URL('../../src/appearance/png-vectors/rgba-8.png', import.meta.url));
const lines = [
  'Người ký: Nguyễn Thị Ánh Hường',
  'Cơ quan: Uỷ ban nhân dân tỉnh Hưng Yên',
  'Số tiền: 12.450 ₫ “đủ” – №7',
];
const both: AppearanceSpec = { imagePng, lines, fontSizePt: 11 };

/** Judged by poppler and qpdf, which know nothing of this code. */
describe('an appearance on a page', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'kyso-appearance-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const run = (tool: string, ...given: string[]) => execFileSync(tool, given, { cwd: folder });
  function write(spec: AppearanceSpec, rotate: 0 | 90 | 180 | 270): string {
    const name = `page-${rotate}.pdf`;
    writeFileSync(join(folder, name), pageWith(spec, rotate));
    return name;
  }

  function render(file: string) {
    run('pdftoppm', '-r', '72', '-png', '-singlefile', file, file);
    return decode(readFileSync(join(folder, `${file}.png`)));
  }

  it('is free of errors for qpdf', () => {
    expect(run('qpdf', '--check', write(both, 0)).toString()).toContain('No syntax or stream encoding errors found');
  });

  it('gives its text to a reader in order and composed', () => {
    const text = run('pdftotext', '-raw', write(both, 0), '-').toString();
    expect(text.trim().replaceAll('\n', ' ')).toBe(lines.join(' '));
    const wide = run('pdftotext', '-raw', write({ lines, fontSizePt: 11 }, 0), '-').toString();
    expect(wide.trim().split('\n')).toEqual(lines);
  });

  it('embeds a subset with a Unicode map', () => {
    expect(run('pdffonts', write(both, 0)).toString()).toMatch(
      /KYSOVN\+KysoSerif +CID TrueType +Identity-H +yes yes yes/,
    );
  });

  it.each([90, 180, 270] as const)('looks the same on a page with /Rotate %d', (rotate) => {
    const upright = render(write(both, 0));
    const turned = render(write(both, rotate));
    expect([turned.width, turned.height]).toEqual([upright.width, upright.height]);
    // Antialiasing differs by a little; a wrong matrix leaves whole letters over.
    let different = 0;
    let inked = 0;
    for (let index = 0; index < upright.data.length; index++) {
      if (Math.abs(upright.data[index]! - turned.data[index]!) > 96) different++;
      if (upright.data[index]! < 160) inked++;
    }
    expect(inked).toBeGreaterThan(1000);
    expect(different).toBeLessThan(inked / 50);
  });

  it('carries the very pixels of the image and of its transparency', () => {
    run('pdfimages', '-png', write({ imagePng, lines: [], fontSizePt: 10 }, 0), 'image');
    const original = decode(imagePng);
    const colour = decode(readFileSync(join(folder, 'image-000.png')));
    const mask = decode(readFileSync(join(folder, 'image-001.png')));
    expect([colour.width, colour.height, colour.channels]).toEqual([original.width, original.height, 3]);
    for (let pixel = 0; pixel < original.width * original.height; pixel++) {
      const alpha = original.data[4 * pixel + 3]!;
      expect(mask.data[pixel * mask.channels]).toBe(alpha);
      // What can't be seen has another colour on purpose.
      if (alpha === 0) continue;
      expect(colour.data.subarray(3 * pixel, 3 * pixel + 3)).toEqual(original.data.subarray(4 * pixel, 4 * pixel + 3));
    }
  });
});

/** A page of 300 × 200 pt as displayed, with the appearance as a stamp of 240 × 100 at (40, 60). */
function pageWith(spec: AppearanceSpec, rotate: 0 | 90 | 180 | 270): Buffer {
  let next = 5;
  const { objects, appearanceRef } = createAppearance(spec).build({
    widthPt: 240,
    heightPt: 100,
    rotate,
    allocate: () => next++,
  });
  const rectangle = { 0: '40 60 280 160', 90: '40 40 140 280', 180: '20 40 260 140', 270: '60 20 160 260' }[rotate];
  const size = rotate % 180 === 0 ? '300 200' : '200 300';
  const bodies = new Map<number, Uint8Array>([
    [1, Buffer.from('<</Type/Catalog/Pages 2 0 R>>')],
    [2, Buffer.from('<</Type/Pages/Count 1/Kids[3 0 R]>>')],
    [3, Buffer.from(`<</Type/Page/Parent 2 0 R/MediaBox[0 0 ${size}]/Rotate ${rotate}/Resources<<>>/Annots[4 0 R]>>`)],
    [4, Buffer.from(`<</Type/Annot/Subtype/Stamp/F 4/Rect[${rectangle}]/AP<</N ${appearanceRef} 0 R>>>>`)],
    ...objects.map((object) => [object.objectNumber, Buffer.concat(objectBody(object))] as const),
  ]);
  let file = Buffer.from('%PDF-1.7\n');
  let table = `xref\n0 ${next}\n0000000000 65535 f \n`;
  for (let number = 1; number < next; number++) {
    table += `${String(file.length).padStart(10, '0')} 00000 n \n`;
    file = Buffer.concat([
      file,
      Buffer.from(`${number} 0 obj\n`),
      bodies.get(number) ?? Buffer.alloc(0),
      Buffer.from('\nendobj\n'),
    ]);
  }
  const trailer = `${table}trailer\n<</Size ${next}/Root 1 0 R>>\nstartxref\n${file.length}\n%%EOF\n`;
  return Buffer.concat([file, Buffer.from(trailer)]);
}
