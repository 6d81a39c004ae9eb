import { limitExceeded } from '../limits.js';
import { parseDate } from '../syntax/dates.js';
import { decodeText } from '../syntax/strings.js';
import { Dictionary, isName, Name, PdfArray, PdfString, type PdfValue, Reference } from '../syntax/values.js';
import type { PdfSignature } from '../types.js';
import { type FormField, readFields, readForm } from './fields.js';
import type { ObjectView } from './objects.js';
import { readRevisionSections, type RevisionSections } from './revisions.js';
import type { Section } from './section.js';
import { once, type Structure } from './structure.js';

/** A signature with what the comparison of revisions needs besides. */
export interface SignatureValue {
  readonly signature: PdfSignature;
  readonly field: FormField;
  readonly dictionary: Dictionary;
}

const computed = Symbol('signatures');

/**
 * Every signature value of the form's fields, in the order of their revisions. A value that contradicts the standard is
 * listed too, with what it says (`byteRange` all 0 when it isn't four unsigned integers), so that it is judged and not
 * overlooked. Read once for each document. Throws PdfError.
 */
export function readSignatures(structure: Structure): Promise<readonly SignatureValue[]> {
  return once(structure, computed, () => readAll(structure));
}

async function readAll(structure: Structure): Promise<readonly SignatureValue[]> {
  const { view, limits } = structure;
  const fields = await readFields(view, await readForm(view));
  const found: SignatureValue[] = [];
  const all = await readRevisionSections(structure);
  // What no section defines is counted to the first revision.
  const revisions = new Map<Section | undefined, RevisionSections>(
    all.flatMap((revision) => revision.sections.map((section) => [section, revision] as const)),
  );
  const [first] = all;
  if (first !== undefined) {
    revisions.set(undefined, first);
  }
  for (const field of fields) {
    if (field.type === 'Sig' && field.value !== undefined) {
      const value = await readSignature(view, field, revisions);
      if (value !== undefined) {
        found.push(value);
      }
    }
    if (found.length > limits.maxSignatures) {
      throw limitExceeded(`at most ${limits.maxSignatures} signatures`, 'more');
    }
  }
  return found.sort((a, b) => a.signature.revision - b.signature.revision);
}

async function readSignature(
  view: ObjectView,
  field: FormField,
  revisions: ReadonlyMap<Section | undefined, RevisionSections>,
): Promise<SignatureValue | undefined> {
  const indirect = field.value instanceof Reference ? await view.object(field.value.objectNumber) : undefined;
  const holder = indirect ?? field.object;
  const dictionary = indirect === undefined ? field.value : indirect.value;
  if (!(dictionary instanceof Dictionary)) {
    return undefined;
  }
  const revision = await definingRevision(view, revisions, holder?.objectNumber);
  const contents = dictionary.get('Contents');
  const base = contents instanceof PdfString ? holder?.base : undefined;
  const subFilter = await view.resolve(dictionary.get('SubFilter'));
  const isTimestamp = isName(subFilter, 'ETSI.RFC3161') || isName(dictionary.get('Type'), 'DocTimeStamp');
  const docMdp = await readDocMdp(view, dictionary);
  const signature: PdfSignature = {
    fieldName: field.name,
    kind: isTimestamp ? 'document-timestamp' : 'signature',
    subFilter: subFilter instanceof Name ? subFilter.value : '',
    byteRange: readByteRange(await view.resolve(dictionary.get('ByteRange'))),
    cmsDer: contents instanceof PdfString ? cutToSequence(contents.decoded()) : Buffer.alloc(0),
    // 0 inside an object stream, where no gap of a ByteRange can be.
    contentsStart: contents instanceof PdfString && base !== undefined ? base + contents.start : 0,
    contentsEnd: contents instanceof PdfString && base !== undefined ? base + contents.end : 0,
    ...(await readClaims(view, dictionary)),
    ...(docMdp === undefined ? {} : { docMdp }),
    revision: revision?.number ?? 1,
    revisionEnd: revision?.end ?? 0,
  };
  return { signature, field, dictionary };
}

async function definingRevision(
  view: ObjectView,
  revisions: ReadonlyMap<Section | undefined, RevisionSections>,
  objectNumber: number | undefined,
): Promise<RevisionSections | undefined> {
  const definition = objectNumber === undefined ? undefined : await view.definition(objectNumber);
  return revisions.get(definition?.section);
}

/** ISO 32000-2, 12.8.1: exactly two ranges; anything else is no ByteRange and hashes to nothing that was signed. */
function readByteRange(value: PdfValue): [number, number, number, number] {
  const items = value instanceof PdfArray ? value.items : [];
  const numbers = items.map((item) =>
    typeof item === 'number' && Number.isSafeInteger(item) && item >= 0 ? item : -1,
  );
  const [first, firstLength, second, secondLength] = numbers;
  if (
    numbers.length !== 4 ||
    numbers.includes(-1) ||
    first === undefined ||
    firstLength === undefined ||
    second === undefined ||
    secondLength === undefined
  ) {
    return [0, 0, 0, 0];
  }
  return [first, firstLength, second, secondLength];
}

/** The zeros that pad /Contents are no part of the CMS. BER of indefinite length is left as it is. */
function cutToSequence(padded: Buffer): Buffer {
  const first = padded[1];
  if (padded[0] !== 0x30 || first === undefined || first === 0x80) {
    return padded;
  }
  if (first < 0x80) {
    return padded.subarray(0, 2 + first);
  }
  const lengthBytes = first & 0x7f;
  if (lengthBytes > 4 || padded.length < 2 + lengthBytes) {
    return padded;
  }
  return padded.subarray(0, 2 + lengthBytes + padded.readUIntBE(2, lengthBytes));
}

async function readClaims(
  view: ObjectView,
  dictionary: Dictionary,
): Promise<{ signingTime?: Date; name?: string; reason?: string; location?: string }> {
  const claims: { signingTime?: Date; name?: string; reason?: string; location?: string } = {};
  for (const [key, claim] of [
    ['Name', 'name'],
    ['Reason', 'reason'],
    ['Location', 'location'],
  ] as const) {
    const text = await view.resolve(dictionary.get(key));
    if (text instanceof PdfString) {
      claims[claim] = decodeText(text.decoded());
    }
  }
  const date = await view.resolve(dictionary.get('M'));
  const signingTime = date instanceof PdfString ? parseDate(decodeText(date.decoded())) : undefined;
  return signingTime === undefined ? claims : { ...claims, signingTime };
}

/** P of the DocMDP transform in a signature's /Reference (ISO 32000-2, 12.8.2.2); 2 where it is left out. */
export async function readDocMdp(view: ObjectView, signature: Dictionary): Promise<1 | 2 | 3 | undefined> {
  const parameters = await readTransform(view, signature, 'DocMDP');
  if (parameters === undefined) {
    return undefined;
  }
  const permission = await view.resolve(parameters.get('P'));
  return permission === 1 || permission === 3 ? permission : 2;
}

/** /TransformParams of a method in a signature's /Reference; the signature itself stands in for missing parameters. */
export async function readTransform(
  view: ObjectView,
  signature: Dictionary,
  method: string,
): Promise<Dictionary | undefined> {
  const references = await view.resolve(signature.get('Reference'));
  for (const item of references instanceof PdfArray ? references.items : []) {
    const reference = await view.dictionary(item);
    if (reference !== undefined && isName(reference.get('TransformMethod'), method)) {
      return (await view.dictionary(reference.get('TransformParams'))) ?? reference;
    }
  }
  return undefined;
}
