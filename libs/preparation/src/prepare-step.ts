import type { Certificate } from '@kyso/cms';
import type { SigningIntent, StoredAppearance, StoredStep } from '@kyso/contracts';
import {
  prepareSignature,
  type AppearanceSpec,
  type OpenFields,
  type PdfDocument,
  type Prepared,
  type PrepareOptions,
  type TextMark,
} from '@kyso/pdf';
import { fillLine, type LineFacts } from './fill-line.js';
import type { ImageSource } from './image-source.js';
import { placedIn } from './placed.js';
import { isFilled } from './signing-base.js';

/** What the increment of a step is made of. */
export interface StepPreparation {
  /** Of the `SigningBase`. */
  readonly document: PdfDocument;
  readonly step: StoredStep;
  readonly intent: Pick<SigningIntent, 'fieldName' | 'signingTime' | 'reservedBytes' | 'digestAlgorithm'>;
  readonly certificate: Certificate;
  /** From the signer's certificate to the root. */
  readonly chain: readonly Certificate[];
  readonly images: ImageSource;
}

/** The increment of one step, placeholder empty. Everything variable comes from the intent. Throws PdfError. */
export async function prepareStep(preparation: StepPreparation): Promise<Prepared> {
  const { document, step, intent, certificate } = preparation;
  const facts: LineFacts = { certificate, signingTime: new Date(intent.signingTime), ...valuesOf(step) };
  const needsFields = step.texts !== undefined || step.certify !== undefined;
  const open = needsFields ? await document.openFields() : undefined;
  const visible = await signatureAppearance(preparation, facts);
  return prepareSignature(document, {
    fieldName: intent.fieldName,
    reservedBytes: intent.reservedBytes,
    signingTime: facts.signingTime,
    name: certificate.commonName,
    ...(step.reason === undefined ? {} : { reason: step.reason }),
    ...(step.location === undefined ? {} : { location: step.location }),
    ...(visible === undefined ? {} : { visible }),
    ...(step.certify === undefined || open?.isSigned === true ? {} : { certify: step.certify }),
    ...(open === undefined || step.texts === undefined ? {} : await textsBeside(preparation, facts, open)),
    signer: {
      digestAlgorithm: intent.digestAlgorithm,
      timestamped: step.level !== 'B-B',
      certificateDer: certificate.der,
      issuersDer: preparation.chain.slice(1).map((issuer) => issuer.der),
    },
  });
}

function valuesOf({ number, date, note }: StoredStep): Pick<LineFacts, 'number' | 'date' | 'note'> {
  return { number, date, note };
}

async function signatureAppearance(
  { document, step, intent, images }: StepPreparation,
  facts: LineFacts,
): Promise<PrepareOptions['visible']> {
  const { placement, appearance } = step;
  if (appearance === undefined) return undefined;
  const image = appearance.imageSha256 === undefined ? {} : { imagePng: await images.get(appearance.imageSha256) };
  const spec = { ...textOf(appearance, facts), ...image };
  // A field that is there already is drawn where its author put it.
  if (placement === undefined || intent.fieldName === step.preparedField) return { appearance: spec };
  return { ...(await placedIn(document, placement)), appearance: spec };
}

function textOf({ lines, imageSha256: _image, ...style }: StoredAppearance, facts: LineFacts): AppearanceSpec {
  return { ...style, lines: lines.map((line) => fillLine(line, facts)) };
}

/** Into the field that an earlier step made for it, if that is empty; else drawn at its place. */
async function textsBeside(
  { document, step }: StepPreparation,
  facts: LineFacts,
  open: OpenFields,
): Promise<Pick<PrepareOptions, 'fill' | 'texts'>> {
  const fill: { fieldName: string; value: string }[] = [];
  const texts: TextMark[] = [];
  for (const text of step.texts ?? []) {
    const { fieldName, placement, appearance } = text;
    const spec = textOf(appearance, facts);
    if (placement === undefined || isFilled(text, open)) fill.push({ fieldName, value: spec.lines.join('\n') });
    else texts.push({ ...(await placedIn(document, placement)), appearance: spec });
  }
  return { ...(fill.length === 0 ? {} : { fill }), ...(texts.length === 0 ? {} : { texts }) };
}
