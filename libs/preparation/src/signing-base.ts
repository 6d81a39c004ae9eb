import type { StoredStep, StoredText } from '@kyso/contracts';
import {
  bufferSource,
  concatSource,
  PdfDocument,
  prepareFields,
  type ByteSource,
  type FieldPlan,
  type OpenFields,
} from '@kyso/pdf';
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
 * is still empty, else a new one. Texts for which nothing was prepared are drawn as widgets of a new field: with one of them the
 * prepared field stays empty. Throws PdfError as `fieldForSignature` does.
 */
export async function fieldOfStep(document: PdfDocument, step: StoredStep, newName: string): Promise<string> {
  const { field, preparedField, texts = [] } = step;
  if (field !== undefined || preparedField === undefined) return document.fieldForSignature({ field, newName });
  const open = await document.openFields();
  const isPrepared = open.signatureFields.has(preparedField) && texts.every((text) => isFilled(text, open));
  return document.fieldForSignature({ field: isPrepared ? preparedField : undefined, newName });
}

/** Whether a text goes into a field that is there, rather than be drawn. */
export function isFilled({ fieldName, mayFill, placement }: StoredText, { textFields }: OpenFields): boolean {
  return placement === undefined || (mayFill && textFields.has(fieldName));
}
