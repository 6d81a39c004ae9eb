import type { Template } from '@kyso/contracts';
import {
  bufferSource,
  completeSignature,
  concatSource,
  PdfDocument,
  type PdfPage,
  prepareSignature,
  readChunks,
} from '@kyso/pdf';
import { fillLine, rectangleOn, type ImageSource } from '@kyso/preparation';
import { refusing } from '../documents/pdf-refusal.js';
import type { RehearsalDrawing } from '../rehearsal/rehearsal-drawing.js';
import { resolveTemplate } from './resolve-template.js';
import { sampleValues, type TemplateOffice } from './template-office.js';

/** A4 in points (ISO 216). */
const [a4WidthPt, a4HeightPt] = [595.28, 841.89];
const emptyCmsDer = Uint8Array.of(0x30, 0);
const reservedBytes = 64;

/** What a template draws, on an empty page. */
export class TemplatePreview {
  constructor(
    private readonly parts: {
      readonly office: TemplateOffice;
      readonly images: ImageSource;
      readonly drawing: RehearsalDrawing;
      readonly now: () => Date;
    },
  ) {}

  /**
   * A PDF of one A4 page with the template as it will be drawn, or a picture of it. Where the place depends on a document — a text,
   * an earlier signature, a field —, it stands where the template says otherwise, or in the middle. Throws TEXT_NOT_DRAWABLE,
   * RECTANGLE_OFF_PAGE, RATE_LIMITED, STORE_….
   */
  async draw(template: Template, format: 'pdf' | 'png'): Promise<Buffer> {
    const page = bufferSource(blankPage());
    const { appearance } = resolveTemplate(template);
    const { imageSha256, lines, ...style } = appearance;
    const signingTime = this.parts.now();
    const certificate = await this.parts.office.exemplaryCertificate(template);
    const imagePng = imageSha256 === undefined ? undefined : await this.parts.images.get(imageSha256);
    const increment = await refusing(async () => {
      const document = await PdfDocument.open(page);
      const prepared = await prepareSignature(document, {
        fieldName: 'Preview',
        reservedBytes,
        signingTime,
        visible: {
          pageIndex: 0,
          rectangle: rectangleOf(template, await document.page(0)),
          appearance: {
            ...style,
            lines: lines.map((line) => fillLine(line, { certificate, signingTime, ...sampleValues })),
            ...(imagePng === undefined ? {} : { imagePng }),
          },
        },
      });
      return completeSignature(prepared, emptyCmsDer);
    });
    const drawn = concatSource(page, bufferSource(increment));
    if (format === 'png') return Buffer.from(await this.parts.drawing.page(drawn, 0));
    const chunks: Uint8Array[] = [];
    for await (const chunk of readChunks(drawn, 0, drawn.size)) chunks.push(chunk);
    return Buffer.concat(chunks);
  }
}

function rectangleOf({ place, widthPt, heightPt }: Template, page: PdfPage) {
  const size = { widthPt: Math.min(widthPt, a4WidthPt), heightPt: Math.min(heightPt, a4HeightPt) };
  const fixed = place === undefined || 'page' in place ? place : 'anchor' in place ? place.otherwise : undefined;
  if (fixed !== undefined && 'xPt' in fixed) return { xPt: fixed.xPt, yPt: fixed.yPt, ...size };
  return rectangleOn(page, { place: 'center', page: 1, ...fixed, ...size });
}

/** The smallest PDF of one empty A4 page. */
function blankPage(): Buffer {
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${a4WidthPt} ${a4HeightPt}] /Resources << >> >>`,
  ];
  let file = '%PDF-1.7\n';
  const offsets = objects.map((object, index) => {
    const offset = file.length;
    file += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return `${String(offset).padStart(10, '0')} 00000 n \n`;
  });
  const startxref = file.length;
  const size = objects.length + 1;
  file += `xref\n0 ${size}\n0000000000 65535 f \n${offsets.join('')}`;
  return Buffer.from(`${file}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${startxref}\n%%EOF\n`, 'latin1');
}
