import { describe, expect, it } from '@jest/globals';
import { screenPdf, type ScreeningFinding, screeningKinds } from '../index.js';
import { appendRevision, makePdf, simpleObjects, simplePdf, stream } from '../testing/pdf-maker.js';
import { open, sign, timestamp } from '../testing/signing.js';

const screen = async (pdf: Buffer): Promise<ScreeningFinding[]> => screenPdf(await open(pdf));
const kindsOf = async (pdf: Buffer): Promise<string[]> =>
  [...new Set((await screen(pdf)).map(({ kind }) => kind))].sort();

/** One page; the objects from 10 on are added. */
const made = (options: { readonly page?: string; readonly catalog?: string }, ...added: readonly string[]): Buffer => {
  const objects = simpleObjects(options);
  for (const [index, body] of added.entries()) {
    objects.set(10 + index, body);
  }
  return makePdf({ objects });
};
const form = (field: string, more = ''): Buffer =>
  made(
    { page: '/Annots [10 0 R]', catalog: `/AcroForm << /Fields [10 0 R] ${more} >>` },
    `<< /Type /Annot /Subtype /Widget /T (Số) /F 4 /Rect [10 10 90 30] ${field} >>`,
  );
const annotation = (body: string): Buffer => made({ page: '/Annots [10 0 R]' }, `<< /Type /Annot ${body} >>`);
const layers = (config: string, usage = ''): Buffer =>
  made(
    { catalog: `/OCProperties << /OCGs [10 0 R] /D << ${config} >> >>` },
    `<< /Type /OCG /Name (Lớp) /Usage << ${usage} >> >>`,
  );
const signedWidget = (name: string): string =>
  `<< /Type /Annot /Subtype /Widget /FT /Sig /T (${name}) /F 132 /Rect [10 10 90 90] /V << /Type /Sig >> >>`;
const script = '<< /S /JavaScript /JS (app.alert\\(1\\)) >>';

describe('what is found', () => {
  it.each([
    ['a script on opening', made({ catalog: `/OpenAction ${script}` }), 'script'],
    ['a script when the document is closed', made({ catalog: `/AA << /WC ${script} >>` }), 'script'],
    [
      'a script of the document',
      made({ catalog: '/Names << /JavaScript 10 0 R >>' }, '<< /Kids [11 0 R] >>', `<< /Names [(a) ${script}] >>`),
      'script',
    ],
    ['a script when a page is opened', made({ page: `/AA << /O ${script} >>` }), 'script'],
    ['a script behind a link', annotation(`/Subtype /Link /Rect [0 0 9 9] /A ${script}`), 'script'],
    [
      'a script that follows another action',
      made({ catalog: `/OpenAction << /S /GoTo /D [3 0 R /Fit] /Next [10 0 R] >>` }, script),
      'script',
    ],
    [
      'a script in an outline',
      made(
        { catalog: '/Outlines << /First 10 0 R >>' },
        `<< /Title (1) /Next 11 0 R >>`,
        `<< /Title (2) /A ${script} >>`,
      ),
      'script',
    ],
    ['a script of a field', form(`/FT /Tx /Ff 1 /AA << /K ${script} >>`), 'script'],
    [
      'a script in a URI',
      annotation('/Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI ( Java\\nScript:x) >>'),
      'script',
    ],
    ['a script whose key is escaped', made({ catalog: '/Open#41ction << /#53 /Java#53cript /JS (1) >>' }), 'script'],
    [
      'a program that is started',
      annotation('/Subtype /Link /Rect [0 0 9 9] /A << /S /Launch /F (a.exe) >>'),
      'launch',
    ],
    [
      'a form that is sent away',
      annotation('/Subtype /Link /Rect [0 0 9 9] /A << /S /SubmitForm /F (http://a) >>'),
      'submit-form',
    ],
    [
      'a form that is filled from a file',
      made({ catalog: '/OpenAction << /S /ImportData /F (a.fdf) >>' }),
      'import-data',
    ],
    [
      'a link to another file',
      annotation('/Subtype /Link /Rect [0 0 9 9] /A << /S /GoToR /F (a.pdf) >>'),
      'outside-link',
    ],
    [
      'a link to a local file',
      annotation('/Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (file:///c:/a) >>'),
      'outside-link',
    ],
    [
      'an action that shows what is hidden',
      annotation('/Subtype /Link /Rect [0 0 9 9] /A << /S /Hide /T (a) /H false >>'),
      'view-action',
    ],
    ['an action that switches layers', made({ catalog: '/OpenAction << /S /SetOCGState /State [] >>' }), 'view-action'],
    ['a film', annotation('/Subtype /RichMedia /Rect [0 0 9 9]'), 'multimedia'],
    ['a form in XML', made({ catalog: '/AcroForm << /Fields [] /XFA 10 0 R >>' }, stream('<xdp/>')), 'xfa'],
    ['a portfolio', made({ catalog: '/Collection << /View /T >>' }), 'portfolio'],
    ['a text field that is open', form('/FT /Tx'), 'open-form-field'],
    [
      'a choice whose type is inherited',
      made(
        { catalog: '/AcroForm << /Fields [10 0 R] >>' },
        '<< /FT /Ch /T (a) /Kids [11 0 R] >>',
        '<< /Subtype /Widget >>',
      ),
      'open-form-field',
    ],
    [
      'a form that each reader draws anew',
      made({ catalog: '/AcroForm << /Fields [] /NeedAppearances true >>' }),
      'generated-appearance',
    ],
    ['a layer that is off', layers('/OFF [10 0 R]'), 'hidden-layer'],
    ['layers that are all off', layers('/BaseState /OFF'), 'hidden-layer'],
    [
      'a layer for one language',
      layers('/AS [<< /Event /View /Category [/Language] /OCGs [10 0 R] >>]', '/Language << /Lang (vi) >>'),
      'hidden-layer',
    ],
    [
      'a layer for the printer',
      layers('/AS [<< /Event /Print /Category [/Print] /OCGs [10 0 R] >>]', '/Print << /PrintState /OFF >>'),
      'screen-print-difference',
    ],
    ['a stamp for the screen', annotation('/Subtype /Stamp /Rect [0 0 99 99]'), 'screen-print-difference'],
    ['a stamp for the printer', annotation('/Subtype /Stamp /F 36 /Rect [0 0 99 99]'), 'screen-print-difference'],
    ['a field for the screen', form('/FT /Tx /Ff 1 /F 0'), 'screen-print-difference'],
    [
      'another image for the printer',
      made(
        { page: '/Resources << /XObject << /I 10 0 R >> >>' },
        stream('', '/Subtype /Image /Alternates [<< /Image 11 0 R >>]'),
      ),
      'screen-print-difference',
    ],
    ['a text box above the page', annotation('/Subtype /FreeText /F 4 /Rect [0 0 99 99]'), 'annotation'],
    [
      'an embedded file',
      made({ catalog: '/Names << /EmbeddedFiles << /Names [(a) 10 0 R] >> >>' }, '<< /Type /Filespec >>'),
      'embedded-file',
    ],
    ['an attached file', annotation('/Subtype /FileAttachment /Rect [0 0 9 9]'), 'embedded-file'],
    ['an associated file', made({ catalog: '/AF [10 0 R]' }, '<< /Type /Filespec >>'), 'embedded-file'],
    ['an associated file of a page', made({ page: '/AF [10 0 R]' }, '<< /Type /Filespec >>'), 'embedded-file'],
    [
      'content from another file',
      made({ page: '/Resources << /XObject 10 0 R >>' }, '<< /I 11 0 R >>', stream('', '/Subtype /Image /F (a.jpg)')),
      'external-content',
    ],
    [
      'a page of another document',
      made(
        { page: '/Resources << /XObject << /A 10 0 R >> >>' },
        stream('', '/Subtype /Form /Resources << /XObject << /B 11 0 R >> >>'),
        stream('', '/Subtype /Form /Ref << /F (a.pdf) /Page 0 >>'),
      ),
      'external-content',
    ],
    [
      'an appearance from another file',
      made(
        { page: '/Annots [10 0 R]' },
        '<< /Subtype /Link /Rect [0 0 9 9] /AP << /N << /F 11 0 R >> >> >>',
        stream('', '/F (a)'),
      ),
      'external-content',
    ],
    ['a key that stands twice in a page', made({ page: '/Rotate 0 /Rotate 90' }), 'ambiguous-dictionary'],
    ['bytes behind the end', simplePdf({ ending: '\n<html>' }), 'stray-bytes'],
    ['an update that is cut off', simplePdf({ ending: '\n3 0 obj\n<< /Type' }), 'unlisted-update'],
    ['an annotation that cannot be read', made({ page: '/Annots [10 0 R]' }, '<< /Subtype /Stamp'), 'not-screened'],
  ])('%s', async (_, pdf, kind) => {
    expect(await kindsOf(pdf)).toContain(kind);
  });

  it('is counted, with the place of the first', async () => {
    const objects = simpleObjects({ count: 3 });
    objects.set(5, '<< /Type /Page /Parent 2 0 R /Annots [10 0 R 11 0 R] >>');
    objects.set(10, '<< /Type /Annot /Subtype /Stamp /F 4 /Rect [0 0 9 9] >>');
    objects.set(11, '<< /Type /Annot /Subtype /Ink /F 4 /Rect [0 0 9 9] >>');
    expect(await screen(makePdf({ objects }))).toEqual([
      { kind: 'annotation', detail: 'an annotation drawn above the page', objectNumber: 10, page: 2, count: 2 },
    ]);
  });

  it('is what was asked for, and nothing else', async () => {
    const pdf = made({ catalog: `/OpenAction ${script} /Collection << >>`, page: `/AA << /O ${script} >>` });
    const document = await open(pdf);
    expect((await screenPdf(document, { kinds: ['portfolio'] })).map(({ kind }) => kind)).toEqual(['portfolio']);
    expect(await screenPdf(document, { kinds: [] })).toEqual([]);
  });
});

describe('what is no finding', () => {
  it.each([
    ['a plain page', simplePdf({ count: 12 })],
    ['a destination on opening', made({ catalog: '/OpenAction [3 0 R /Fit]' })],
    ['a link within the document', annotation('/Subtype /Link /Rect [0 0 9 9] /A << /S /GoTo /D [3 0 R /Fit] >>')],
    ['a web address', annotation('/Subtype /Link /Rect [0 0 9 9] /A << /S /URI /URI (http://dichvucong.gov.vn) >>')],
    ['a note', annotation('/Subtype /Text /Rect [0 0 9 9]')],
    ['a hidden stamp', annotation('/Subtype /Stamp /F 2 /Rect [0 0 9 9]')],
    ['a field that is read-only', form('/FT /Tx /Ff 1')],
    ['a push-button', form('/FT /Btn /Ff 65536')],
    ['an empty signature field', form('/FT /Sig')],
    ['a layer that is on', layers('/ON [10 0 R]')],
    [
      'a layer that is on everywhere',
      layers('/AS [<< /Event /Print /Category [/Print] /OCGs [10 0 R] >>]', '/Print << /PrintState /ON >>'),
    ],
  ])('%s', async (_, pdf) => {
    expect(await screen(pdf)).toEqual([]);
  });

  it('a document with signatures and time-stamps', async () => {
    const signed = await timestamp(await sign(await sign(simplePdf()), { fieldName: 'Signature2' }));
    expect(await screen(signed)).toEqual([]);
  });

  it('a page that was deleted by an update', async () => {
    const pdf = simplePdf({ count: 2 });
    const deleted = appendRevision(
      pdf,
      new Map([[2, '<< /Type /Pages /Count 1 /Kids [3 0 R] /MediaBox [0 0 9 9] >>']]),
    );
    expect(await screen(deleted)).toEqual([]);
  });

  it('one signature above another, as the seal stands above the name', async () => {
    const catalog = '/AcroForm << /Fields [10 0 R 11 0 R] >>';
    expect(
      await screen(made({ page: '/Annots [10 0 R 11 0 R]', catalog }, signedWidget('a'), signedWidget('b'))),
    ).toEqual([]);
    const stamped = made(
      { page: '/Annots [10 0 R 11 0 R]', catalog: '/AcroForm << /Fields [10 0 R] >>' },
      signedWidget('a'),
      '<< /Type /Annot /Subtype /Stamp /F 4 /Rect [80 80 99 99] >>',
    );
    expect(await kindsOf(stamped)).toEqual(['annotation', 'annotation-over-signature']);
  });
});

it('lists each kind once', () => {
  expect(new Set(screeningKinds).size).toBe(screeningKinds.length);
});
