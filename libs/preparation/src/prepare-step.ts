import type { Certificate } from '@kyso/cms';
import type { SigningIntent, StoredStep } from '@kyso/contracts';
import {
  assertOnPage,
  placeOnPage,
  prepareSignature,
  type AppearanceSpec,
  type PdfDocument,
  type Prepared,
  type PrepareOptions,
} from '@kyso/pdf';
import { fillLine } from './fill-line.js';
import type { ImageSource } from './image-source.js';

/** The increment of one step, placeholder empty. Everything variable comes from the intent. Throws PdfError. */
export async function prepareStep(options: {
  readonly document: PdfDocument;
  readonly step: StoredStep;
  readonly intent: Pick<SigningIntent, 'fieldName' | 'signingTime' | 'reservedBytes' | 'digestAlgorithm'>;
  readonly certificate: Certificate;
  /** From the signer's certificate to the root. */
  readonly chain: readonly Certificate[];
  readonly images: ImageSource;
}): Promise<Prepared> {
  const { document, step, intent, certificate } = options;
  const visible = await placeAppearance(options);
  return prepareSignature(document, {
    fieldName: intent.fieldName,
    reservedBytes: intent.reservedBytes,
    signingTime: new Date(intent.signingTime),
    name: certificate.commonName,
    ...(step.reason === undefined ? {} : { reason: step.reason }),
    ...(step.location === undefined ? {} : { location: step.location }),
    ...(visible === undefined ? {} : { visible }),
    signer: {
      digestAlgorithm: intent.digestAlgorithm,
      timestamped: step.level !== 'B-B',
      certificateDer: certificate.der,
      issuersDer: options.chain.slice(1).map((issuer) => issuer.der),
    },
  });
}

async function placeAppearance(options: {
  readonly document: PdfDocument;
  readonly step: StoredStep;
  readonly intent: Pick<SigningIntent, 'signingTime'>;
  readonly certificate: Certificate;
  readonly images: ImageSource;
}): Promise<PrepareOptions['visible']> {
  const { document, step, intent, certificate, images } = options;
  const { placement, appearance } = step;
  if (appearance === undefined) return undefined;
  const signingTime = new Date(intent.signingTime);
  const spec: AppearanceSpec = {
    lines: appearance.lines.map((line) => fillLine(line, certificate, signingTime)),
    fontSizePt: appearance.fontSizePt,
    ...(appearance.imageSha256 === undefined ? {} : { imagePng: await images.get(appearance.imageSha256) }),
  };
  // A field that is named is drawn where its author put it.
  if (placement === undefined) return { appearance: spec };
  const pageIndex = placement.page === 'last' ? (await document.pageCount()) - 1 : placement.page - 1;
  const page = await document.page(pageIndex);
  const rectangle =
    'rectangle' in placement
      ? placement.rectangle
      : placeOnPage(page, placement.place, placement.widthPt, placement.heightPt);
  assertOnPage(page, rectangle);
  return { pageIndex, rectangle, appearance: spec };
}
