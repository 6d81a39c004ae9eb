import { describe, expect, it } from '@jest/globals';
import { bufferSource, PdfDocument, PdfError, screenPdf, type ScreeningFinding } from '../index.js';
import { appendRevision, makePdf, simpleObjects, stream } from '../testing/pdf-maker.js';
import { sign } from '../testing/signing.js';

const screen = async (pdf: Buffer): Promise<ScreeningFinding[]> => screenPdf(await PdfDocument.open(bufferSource(pdf)));
const made = (options: Parameters<typeof simpleObjects>[0], added: readonly (readonly [number, string])[]): Buffer =>
  makePdf({ objects: new Map([...simpleObjects(options), ...added]) });

/** Reproducible: mulberry32. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const script = '<< /S /JavaScript /JS (1) >>';
/** Something of everything that is screened. */
const rich = (): Buffer =>
  appendRevision(
    made(
      {
        count: 3,
        page: `/Annots [20 0 R 21 0 R] /AA << /O ${script} >>`,
        catalog:
          '/AcroForm 30 0 R /Names << /JavaScript 31 0 R /EmbeddedFiles 31 0 R >> /Outlines << /First 32 0 R >> ' +
          '/OCProperties << /OCGs [33 0 R] /D << /OFF [33 0 R] /AS [<< /Event /Print /Category [/Print] /OCGs [33 0 R] >>] >> >>',
      },
      [
        [20, `<< /Subtype /Widget /FT /Tx /T (a) /Rect [0 0 9 9] /AP << /N 34 0 R >> /AA << /K ${script} >> >>`],
        [21, '<< /Subtype /Stamp /F 4 /Rect [0 0 9 9] /A << /S /URI /URI (file:a) /Next [35 0 R] >> >>'],
        [30, '<< /Fields [20 0 R] /NeedAppearances true /XFA [] >>'],
        [31, `<< /Kids [<< /Names [(a) ${script}] >>] >>`],
        [32, '<< /Title (a) /Next 32 0 R /First 32 0 R /A 35 0 R >>'],
        [33, '<< /Type /OCG /Usage << /Print << /PrintState /OFF >> >> >>'],
        [34, stream('', '/Subtype /Form /Resources << /XObject << /A 34 0 R >> >>')],
        [35, '<< /S /Launch /Next 35 0 R >>'],
      ],
    ),
    new Map([[4, stream('BT ET')]]),
  );

describe('hostile structures', () => {
  it.each([
    [
      'a page tree that contains itself',
      made({}, [[2, '<< /Type /Pages /Count 1 /Kids [2 0 R 3 0 R 3 0 R] /MediaBox [0 0 9 9] >>']]),
    ],
    [
      'fields that contain each other',
      made({ catalog: '/AcroForm << /Fields [10 0 R] >>' }, [
        [10, '<< /T (a) /Kids [11 0 R] >>'],
        [11, '<< /T (b) /Kids [10 0 R] >>'],
      ]),
    ],
    [
      'a name tree that contains itself',
      made({ catalog: '/Names << /JavaScript 10 0 R >>' }, [[10, '<< /Kids [10 0 R 10 0 R] >>']]),
    ],
    [
      'an outline that goes in circles',
      made({ catalog: '/Outlines << /First 10 0 R >>' }, [
        [10, '<< /First 11 0 R >>'],
        [11, '<< /Next 10 0 R /First 11 0 R >>'],
      ]),
    ],
    [
      'actions that follow each other for ever',
      made({ catalog: '/OpenAction 10 0 R' }, [
        [10, '<< /S /GoTo /Next [11 0 R 11 0 R] >>'],
        [11, '<< /S /GoTo /Next [10 0 R 10 0 R] >>'],
      ]),
    ],
    [
      'references that lead in circles',
      made({ catalog: '/OpenAction 10 0 R /AcroForm 10 0 R' }, [
        [10, '11 0 R'],
        [11, '10 0 R'],
      ]),
    ],
    [
      'forms that are drawn by themselves',
      made({ page: '/Resources << /XObject << /A 10 0 R >> >>' }, [
        [10, stream('', '/Resources << /XObject << /A 10 0 R /B 10 0 R >> >>')],
      ]),
    ],
    [
      'nothing where something is expected',
      made({ catalog: '/AcroForm 7 /Names [] /Outlines (a) /OCProperties true /OpenAction 1 /AA [] /AF << >>' }, [
        [3, '<< /Type /Page /Parent 2 0 R /Annots << /A 1 >> /Contents 9 0 R /Resources [] /AA 5 >>'],
      ]),
    ],
  ])('ends with %s', async (_, pdf) => {
    expect(Array.isArray(await screen(pdf))).toBe(true);
  });

  it('stops within its budget at a direct /Next of any length, and at many names', async () => {
    const chain = `${'<< /S /GoTo /Next '.repeat(90)}null${' >>'.repeat(90)}`;
    const names = Array.from({ length: 50_000 }, (_, index) => `(${index}) null`).join(' ');
    const pdf = made({ catalog: '/OpenAction 10 0 R /Names << /JavaScript 11 0 R >>' }, [
      [10, chain],
      [11, `<< /Names [${names}] >>`],
    ]);
    expect(await screen(pdf)).toEqual([{ kind: 'script', detail: 'a script of the document', count: 50_000 }]);
  });

  it('stops within its budget at trees that branch into themselves under ever new numbers', async () => {
    const added: [number, string][] = [];
    for (let index = 0; index < 8_000; index += 1) {
      added.push([20 + index, `<< /T (a) /Kids [${21 + index} 0 R ${22 + index} 0 R] >>`]);
    }
    const findings = await screen(made({ catalog: '/AcroForm << /Fields [20 0 R] >>' }, added));
    expect(findings.map(({ kind }) => kind)).toContain('not-screened');
  });

  it('passes over an object that is nested too deep, and says so', async () => {
    const pdf = made({ catalog: '/Outlines 10 0 R' }, [[10, `${'['.repeat(500)}${']'.repeat(500)}`]]);
    expect((await screen(pdf)).map(({ kind }) => kind)).toContain('not-screened');
  });

  it('finds the same after a signature, and an action that follows itself only once', async () => {
    const before = await screen(rich());
    expect(before.find(({ kind }) => kind === 'launch')?.count).toBe(1);
    expect(before.length).toBeGreaterThan(10);
    expect(await screen(await sign(rich()))).toEqual(before);
  });

  it.each([1, 2, 3, 4])('gives findings or a PdfError for files with random changes, series %d', async (series) => {
    const random = randomNumbers(series);
    const original = rich();
    for (let round = 0; round < 100; round += 1) {
      const pdf = Buffer.from(original);
      for (let changes = random(6) + 1; changes > 0; changes -= 1) {
        const at = random(pdf.length);
        if (random(2) === 0) {
          pdf[at] = random(256);
        } else {
          // Digits keep the syntax and change what refers to what.
          const digit = pdf.subarray(at).findIndex((code) => code >= 0x30 && code <= 0x39);
          pdf[at + Math.max(0, digit)] = 0x30 + random(10);
        }
      }
      const findings = await screen(pdf).catch((error: unknown) => error);
      expect(Array.isArray(findings) || findings instanceof PdfError ? 'as it should' : findings).toBe('as it should');
    }
  });
});
