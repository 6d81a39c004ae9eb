import { ownerRefusal } from '../encryption/permissions.js';
import { PdfError } from '../errors.js';
import { decodeText } from '../syntax/strings.js';
import { Dictionary, isName, PdfArray, PdfString } from '../syntax/values.js';
import type { PdfSignature } from '../types.js';
import { type FormField, readFields, readForm } from './fields.js';
import type { ObjectView } from './objects.js';
import { PageTree } from './pages.js';
import { readDocMdp } from './signatures.js';
import { once, readCatalog, type Structure } from './structure.js';

/** What earlier signers allow a later one to do. */
export interface SigningPermissions {
  readonly fields: readonly FormField[];
  /** P of the certification (ISO 32000-2, 12.8.2.2); undefined on a document that nobody certified. */
  readonly certification: 1 | 2 | 3 | undefined;
  /** Why this field may not be added or filled with that kind of signature; undefined when it may. */
  readonly refusalFor: (fieldName: string, kind?: PdfSignature['kind']) => PdfError | undefined;
}

const computed = Symbol('signing permissions');

/**
 * Refuses what can't be appended to safely: bytes behind the end of a signed file, documents without a
 * page, and those that were certified against any change. Read once for each document. Throws PdfError.
 */
export function readSigningPermissions(structure: Structure): Promise<SigningPermissions> {
  return once(structure, computed, () => readPermissions(structure));
}

async function readPermissions({ view, ends }: Structure): Promise<SigningPermissions> {
  const fields = await readFields(view, await readForm(view));
  const isSigned = fields.some((field) => field.type === 'Sig' && field.value !== undefined);
  // Nobody answers for bytes behind a signed file, and the new signature would cover them as if someone did. On other
  // files a portal's remark is harmless, but half an update is a truncated file.
  if (ends.hasBrokenUpdate || (isSigned && ends.trailingBytes > 0)) {
    throw new PdfError('DAMAGED', 'nothing behind the last %%EOF', `${ends.trailingBytes} bytes`);
  }
  await new PageTree(view).page(0);
  const certification = await readCertification(view);
  const locks = await readLocks(view, fields);
  const permissions: SigningPermissions = {
    fields,
    certification,
    refusalFor: (fieldName, kind = 'signature') => {
      const isNew = !fields.some((field) => field.name === fieldName);
      const change = !isNew ? 'fill-field' : kind === 'signature' ? 'add-field' : 'add-timestamp';
      const forbidden = ownerRefusal(view.windows.securityHandler?.description, change);
      if (forbidden !== undefined) {
        return forbidden;
      }
      if (certification === 1) {
        return new PdfError('CERTIFIED', 'a document that may be signed', 'a certification that permits no change');
      }
      // Strict validators call a new field on a certified document "other change" even at P=2 and P=3.
      if (certification !== undefined && isNew) {
        return new PdfError('CERTIFIED', `an empty signature field ${fieldName}`, 'a certified document without it');
      }
      if (locks.some((lock) => lock.covers(fieldName))) {
        return new PdfError('CERTIFIED', `a field ${fieldName} that may be filled`, 'one that a signature locks');
      }
      return undefined;
    },
  };
  return permissions;
}

/** Throws unless at least one more signature is possible. */
export function assertAnySignaturePossible({ fields, certification, refusalFor }: SigningPermissions): void {
  const empty = fields.filter((field) => field.type === 'Sig' && field.value === undefined);
  const candidates = [...(certification === undefined ? [freeName(fields)] : []), ...empty.map((field) => field.name)];
  const refusals = candidates.map((name) => refusalFor(name));
  if (!refusals.includes(undefined)) {
    throw (
      refusals[0] ?? new PdfError('CERTIFIED', 'an empty signature field', 'a certified document with no such field')
    );
  }
}

function freeName(fields: readonly FormField[]): string {
  let name = 'Signature';
  while (fields.some((field) => field.name === name)) {
    name += '_';
  }
  return name;
}

async function readCertification(view: ObjectView): Promise<1 | 2 | 3 | undefined> {
  const permissions = await view.dictionary((await readCatalog(view)).dictionary.get('Perms'));
  const signature = await view.dictionary(permissions?.get('DocMDP'));
  return signature === undefined ? undefined : ((await readDocMdp(view, signature)) ?? 2);
}

/** What a signed field locks (ISO 32000-2, 12.7.5.5, table 236). */
interface Lock {
  covers(fieldName: string): boolean;
}

async function readLocks(view: ObjectView, fields: readonly FormField[]): Promise<Lock[]> {
  const locks: Lock[] = [];
  for (const field of fields) {
    if (field.type === 'Sig' && field.value !== undefined && field.dictionary.entries.has('Lock')) {
      const dictionary = await view.dictionary(field.dictionary.get('Lock'));
      if (dictionary !== undefined) {
        locks.push(await readLock(view, dictionary));
      }
    }
  }
  return locks;
}

/** /Action and /Fields of a field lock or of FieldMDP's parameters, which are the same (ISO 32000-2, 12.8.2.4). */
export async function readLock(view: ObjectView, dictionary: Dictionary): Promise<Lock> {
  const names: string[] = [];
  const listed = await view.resolve(dictionary.get('Fields'));
  for (const item of listed instanceof PdfArray ? listed.items : []) {
    const name = await view.resolve(item);
    if (name instanceof PdfString) {
      names.push(decodeText(name.decoded()));
    }
  }
  const isListed = (fieldName: string): boolean =>
    names.some((name) => fieldName === name || fieldName.startsWith(`${name}.`));
  if (dictionary.get('P') === 1 || isName(dictionary.get('Action'), 'All')) {
    return { covers: () => true };
  }
  return isName(dictionary.get('Action'), 'Exclude')
    ? { covers: (fieldName) => !isListed(fieldName) }
    : { covers: isListed };
}
