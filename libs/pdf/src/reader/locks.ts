import { decodeText } from '../syntax/strings.js';
import { type Dictionary, Name, PdfArray, PdfString } from '../syntax/values.js';
import type { FieldLock, MdpPermission } from '../types.js';
import type { ObjectView } from './objects.js';

/**
 * A field lock (ISO 32000-2, 12.7.5.5, table 236), or FieldMDP's parameters, which say the same (12.8.2.4); undefined
 * where /Action is none of the three or /Fields is missing, so that nobody can tell what is locked.
 */
export async function readLock(view: ObjectView, dictionary: Dictionary): Promise<FieldLock | undefined> {
  const action = await view.resolve(dictionary.get('Action'));
  const listed = await view.resolve(dictionary.get('Fields'));
  const permission = asPermission(await view.resolve(dictionary.get('P')));
  const more = permission === undefined ? {} : { permission };
  const name = action instanceof Name ? action.value : undefined;
  if (name === 'All') {
    return { action: name, ...more };
  }
  if ((name !== 'Include' && name !== 'Exclude') || !(listed instanceof PdfArray)) {
    return undefined;
  }
  const fields: string[] = [];
  for (const item of listed.items) {
    const text = await view.resolve(item);
    if (text instanceof PdfString) {
      fields.push(decodeText(text.decoded()));
    }
  }
  return { action: name, fields, ...more };
}

/** True when the lock holds the value of that field; the name of a parent stands for all fields below it. */
export function locksField(lock: FieldLock, fieldName: string): boolean {
  if (lock.action === 'All') {
    return true;
  }
  const isListed = lock.fields.some((name) => fieldName === name || fieldName.startsWith(`${name}.`));
  return isListed === (lock.action === 'Include');
}

/** The stricter of two: permissions can be denied by a later signature, never added (ISO 32000-2, table 236). */
export function stricter(a: MdpPermission | undefined, b: MdpPermission | undefined): MdpPermission | undefined {
  return a === undefined || b === undefined ? (a ?? b) : a < b ? a : b;
}

function asPermission(value: unknown): MdpPermission | undefined {
  return value === 1 || value === 2 || value === 3 ? value : undefined;
}
