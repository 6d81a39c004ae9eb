import type { StoredStep } from '@kyso/contracts';
import { bufferSource, concatSource, PdfDocument, prepareFields, type ByteSource, type FieldPlan } from '@kyso/pdf';
import { placedIn } from './placed.js';

/** What a step signs: the version before it, with the fields that the step makes for later ones. */
export interface SigningBase {
  readonly document: PdfDocument;
  readonly source: ByteSource;
  /** Behind the version before, in the order of writing; empty where no fields are made. */
  readonly increments: readonly Uint8Array[];
}

/**
 * Makes the fields of `step.prepare`, where nobody has signed yet: on a signed document new fields are what strict validators
 * call a change, and then a later step draws beside its signature instead. The same document and step give the same bytes.
 * Throws PdfError.
 */
export async function signingBase(document: PdfDocument, source: ByteSource, step: StoredStep): Promise<SigningBase> {
  const { prepare } = step;
  if (prepare === undefined || (await document.openFields()).isSigned) return { document, source, increments: [] };
  const textFields = prepare.texts.map(async ({ fieldName, placement, ...style }) => ({
    name: fieldName,
    place: await placedIn(document, placement),
    ...style,
  }));
  const { seal } = prepare;
  const plan: FieldPlan = {
    textFields: await Promise.all(textFields),
    ...(seal === undefined
      ? {}
      : { signatureFields: [{ name: seal.fieldName, place: await placedIn(document, seal.placement) }] }),
  };
  const increment = await prepareFields(document, plan);
  const base = concatSource(source, bufferSource(increment));
  return { document: await PdfDocument.open(base), source: base, increments: [increment] };
}

/**
 * The field that the step's signature goes into: the one that it names, the one that an earlier step prepared for it if that
 * is still empty, else a new one. Throws PdfError as `fieldForSignature` does.
 */
export async function fieldOfStep(document: PdfDocument, step: StoredStep, newName: string): Promise<string> {
  const { field, preparedField } = step;
  const isPrepared =
    field === undefined && preparedField !== undefined
      ? (await document.openFields()).signatureFields.has(preparedField)
      : false;
  return document.fieldForSignature({ field: isPrepared ? preparedField : field, newName });
}
