import { ownerRefusal } from '../encryption/permissions.js';
import { PdfError } from '../errors.js';
import type { MdpPermission, PdfSignature } from '../types.js';
import type { Dictionary } from '../syntax/values.js';
import { type FormField, readFields, readForm } from './fields.js';
import { locksField, readLock, stricter } from './locks.js';
import type { ObjectView } from './objects.js';
import { PageTree } from './pages.js';
import { readDocMdp, readTransform } from './signatures.js';
import { once, readCatalog, type Structure } from './structure.js';

/** What earlier signers allow a later one to do. */
export interface SigningPermissions {
  readonly fields: readonly FormField[];
  /** True when a field holds a signature or a document time-stamp. */
  readonly isSigned: boolean;
  /**
   * What certification (ISO 32000-2, 12.8.2.2) and locks (12.7.5.5) leave; undefined on a document that nobody restricted.
   */
  readonly permission: MdpPermission | undefined;
  /** Why this field may not be added or filled with that kind of signature; undefined when it may. */
  readonly refusalFor: (fieldName: string, kind?: PdfSignature['kind']) => PdfError | undefined;
  /** Why this field's value may not be written; undefined when it may. */
  readonly refusalToFill: (fieldName: string) => PdfError | undefined;
}

const computed = Symbol('signing permissions');

/**
 * Refuses what can't be appended to safely: bytes behind the end of a signed file, documents without a
 * page. Read once for each document. Throws PdfError.
 */
export function readSigningPermissions(structure: Structure): Promise<SigningPermissions> {
  return once(structure, computed, () => readPermissions(structure));
}

async function readPermissions(structure: Structure): Promise<SigningPermissions> {
  const { view, ends, sections } = structure;
  const fields = await readFields(view, await readForm(view));
  const isSigned = fields.some(isSignedField);
  // Nobody answers for bytes behind a signed file, and the new signature would cover them as if someone did. On other
  // files a portal's remark is harmless, and of half an update no reader shows anything.
  const isLeftOut = ends.hasBrokenUpdate && !ends.hasBrokenSignature && structure.repairPolicy === 'allow';
  if ((isSigned && ends.trailingBytes > 0) || (ends.hasBrokenUpdate && !isLeftOut)) {
    throw new PdfError('DAMAGED', 'nothing behind the last %%EOF', `${ends.trailingBytes} bytes`);
  }
  // Readers that don't see through it would read the new table against the old one and find nothing.
  if (!isSigned && sections.some((section) => section.isShifted)) {
    throw new PdfError('DAMAGED', 'a table that counts from 0', 'one that counts from 1');
  }
  await new PageTree(view).page(0);
  const { permission, isLocked } = await readRestrictions(view, fields);
  const encryption = view.windows.securityHandler?.description;
  const refusalToFill = (fieldName: string): PdfError | undefined => {
    const forbidden = ownerRefusal(encryption, 'fill-field');
    if (forbidden !== undefined) {
      return forbidden;
    }
    if (permission === 1) {
      return new PdfError('CERTIFIED', 'a document that may be changed', 'a signature that permits no change (P 1)');
    }
    return isLocked(fieldName)
      ? new PdfError(
          'CERTIFIED',
          `a field ${JSON.stringify(fieldName)} that may be filled`,
          'one that a signature locks',
        )
      : undefined;
  };
  return {
    fields,
    isSigned,
    permission,
    refusalToFill,
    refusalFor: (fieldName, kind = 'signature') => {
      const isNew = !fields.some((field) => field.name === fieldName);
      const change = !isNew ? 'fill-field' : kind === 'signature' ? 'add-field' : 'add-timestamp';
      const forbidden = ownerRefusal(encryption, change);
      // A time-stamp for long-term preservation is no change of the document, whatever was certified or locked.
      if (forbidden !== undefined || kind === 'document-timestamp') {
        return forbidden;
      }
      // Strict validators call a new field on a certified document "other change" even at P=2 and P=3.
      return permission !== undefined && permission !== 1 && isNew
        ? new PdfError('CERTIFIED', `an empty signature field ${JSON.stringify(fieldName)}`, describeEmpty(fields))
        : refusalToFill(fieldName);
    },
  };
}

/** Throws unless at least one more signature is possible. */
export function assertAnySignaturePossible({ fields, permission, refusalFor }: SigningPermissions): void {
  const candidates = permission === undefined ? [freeName(fields)] : [];
  candidates.push(...fields.filter(isEmptySignatureField).map((field) => field.name));
  const refusals = candidates.map((name) => refusalFor(name));
  if (!refusals.includes(undefined)) {
    throw (
      refusals[0] ??
      new PdfError('CERTIFIED', 'an empty signature field', 'a document that may not be changed, with no such field')
    );
  }
}

/**
 * The field that a signature goes into: the one that is asked for; else a new one of that name; else, where new fields are
 * refused, the only empty one that may be filled. With several of these somebody has to choose. Throws PdfError
 * FIELD_UNUSABLE, CERTIFIED, OWNER_FORBIDS.
 */
export function chooseField(
  { fields, refusalFor }: SigningPermissions,
  { field, newName }: { readonly field?: string | undefined; readonly newName: string },
): string {
  const empty = fields.filter(isEmptySignatureField).map(({ name }) => name);
  if (field !== undefined) {
    if (!empty.includes(field)) {
      const found = fields.some(({ name }) => name === field)
        ? 'one that is signed or of another type'
        : 'no such field';
      throw new PdfError('FIELD_UNUSABLE', `an empty signature field (${listed(empty)})`, `${found}: ${quoted(field)}`);
    }
    const refusal = refusalFor(field);
    if (refusal !== undefined) {
      throw refusal;
    }
    return field;
  }
  const refusal = refusalFor(newName);
  if (refusal === undefined) {
    return newName;
  }
  const usable = empty.filter((name) => refusalFor(name) === undefined);
  const [only] = usable;
  if (only === undefined) {
    throw refusal;
  }
  if (usable.length > 1) {
    throw new PdfError(refusal.code, `the field to be named, one of ${listed(usable)}`, 'none named');
  }
  return only;
}

function quoted(name: string): string {
  return JSON.stringify(name.slice(0, 80));
}

function listed(names: readonly string[]): string {
  return names.length === 0 ? 'there is none' : names.slice(0, 8).map(quoted).join(', ');
}

export function isEmptySignatureField(field: FormField): boolean {
  return field.type === 'Sig' && field.value === undefined;
}

function isSignedField(field: FormField): boolean {
  return field.type === 'Sig' && field.value !== undefined;
}

function describeEmpty(fields: readonly FormField[]): string {
  const names = fields.filter(isEmptySignatureField).map((field) => field.name);
  return `a certified document; its empty fields: ${listed(names)}`;
}

function freeName(fields: readonly FormField[]): string {
  let name = 'Signature';
  while (fields.some((field) => field.name === name)) {
    name += '_';
  }
  return name;
}

/**
 * Above it only the values of fields with a lock are read. Others may restrict nothing (ISO 32000-2, 12.8.2.4, 12.8.6), and
 * reading hundreds of them, each with its /Contents, would cost more than the rest of a signature.
 */
const maxSignaturesRead = 64;

/** What all signatures of the document forbid together. */
async function readRestrictions(
  view: ObjectView,
  fields: readonly FormField[],
): Promise<{ readonly permission: MdpPermission | undefined; readonly isLocked: (fieldName: string) => boolean }> {
  const restrictions: Restriction[] = [];
  const permissions = await view.dictionary((await readCatalog(view)).dictionary.get('Perms'));
  const certification = await view.dictionary(permissions?.get('DocMDP'));
  if (certification !== undefined) {
    restrictions.push({ permission: (await readDocMdp(view, certification)) ?? 2, isLocked: () => false });
  }
  const signed = fields.filter(isSignedField);
  for (const field of signed) {
    if (signed.length > maxSignaturesRead && !field.dictionary.entries.has('Lock')) {
      continue;
    }
    const signature = await view.dictionary(field.value);
    restrictions.push(await readRestriction(view, field.dictionary, signature));
  }
  return {
    permission: restrictions.map((one) => one.permission).reduce(stricter, undefined),
    isLocked: (fieldName) => restrictions.some((one) => one.isLocked(fieldName)),
  };
}

/** What one signature forbids to later ones. */
export interface Restriction {
  readonly permission: MdpPermission | undefined;
  readonly isLocked: (fieldName: string) => boolean;
}

/**
 * From the signature's own DocMDP and FieldMDP (ISO 32000-2, 12.8.2) and the lock of its field (12.7.5.5). FieldMDP should
 * repeat the lock; where one of the two is missing or says less, the stricter one counts. One that can't be understood
 * locks every field.
 */
export async function readRestriction(
  view: ObjectView,
  field: Dictionary,
  signature: Dictionary | undefined,
): Promise<Restriction> {
  const fieldMdp = signature === undefined ? undefined : await readTransform(view, signature, 'FieldMDP');
  const lock = await view.dictionary(field.get('Lock'));
  const written = [fieldMdp, lock].filter((dictionary) => dictionary !== undefined);
  const locks = await Promise.all(written.map((dictionary) => readLock(view, dictionary)));
  const docMdp = signature === undefined ? undefined : await readDocMdp(view, signature);
  return {
    permission: locks.map((one) => one?.permission).reduce(stricter, docMdp),
    isLocked: (fieldName) => locks.some((one) => one === undefined || locksField(one, fieldName)),
  };
}
