import { formatDate } from '../syntax/dates.js';
import { encodeText } from '../syntax/strings.js';
import type { FieldLock, MdpPermission } from '../types.js';
import type { Part } from './parts.js';
import { writtenFilter } from './seed-check.js';

/** Enough for 10^12 − 1 bytes: a known library broke above 100,000,000. */
const byteRangeDigits = 12;
const byteRangeWidth = 4 * (byteRangeDigits + 1);

/** A signature dictionary before its ByteRange is known, with the places that are filled in later. */
export interface SignatureObject {
  readonly parts: readonly Part[];
  /** Within the body: just behind the `[` of /ByteRange. */
  readonly byteRangeAt: number;
  /** Within the body: the `<` of /Contents. */
  readonly contentsAt: number;
}

/** What a signature forbids to later ones (ISO 32000-2, 12.8.2). */
export interface Transforms {
  readonly certify?: MdpPermission | undefined;
  readonly lock?: FieldLock | undefined;
  /** Name of the digest for /DigestMethod. */
  readonly digestMethod: string;
  /** The catalog: /Data of FieldMDP. */
  readonly catalogRef: string;
}

/** ISO 32000-2, 12.8.1, table 255. /M carries the signing time in PAdES (ETSI EN 319 142-1, 6.3). */
export function signatureObject(
  claims: {
    readonly signingTime: Date;
    readonly reservedBytes: number;
    readonly name?: string | undefined;
    readonly reason?: string | undefined;
    readonly location?: string | undefined;
  },
  transforms: Transforms,
): SignatureObject {
  let entries = ` /M (${formatDate(claims.signingTime)})`;
  for (const [key, text] of [
    ['Name', claims.name],
    ['Reason', claims.reason],
    ['Location', claims.location],
  ] as const) {
    entries += text === undefined || text === '' ? '' : ` /${key} ${encodeText(text)}`;
  }
  const references = signatureReferences(transforms);
  entries += references.length === 0 ? '' : ` /Reference [${references.join(' ')}]`;
  const head = `<< /Type /Sig /Filter /${writtenFilter} /SubFilter /ETSI.CAdES.detached`;
  return assemble(head, entries, claims.reservedBytes);
}

/**
 * Signature reference dictionaries (ISO 32000-2, table 256), direct like everything in a signature dictionary. /Action and
 * /Fields of a lock are copied (12.8.2.4). So is its /P, which the clause leaves to the lock alone: validators that look at
 * the signature only would miss it, and a lock that isn't repeated here isn't seen to be signed.
 */
function signatureReferences({ certify, lock, digestMethod, catalogRef }: Transforms): string[] {
  const references: string[] = [];
  const reference = (method: string, parameters: string, more = ''): string =>
    `<< /Type /SigRef /TransformMethod /${method} /TransformParams << /Type /TransformParams /V /1.2${parameters} >>` +
    `${more} /DigestMethod /${digestMethod} >>`;
  if (certify !== undefined) {
    references.push(reference('DocMDP', ` /P ${certify}`));
  }
  if (lock !== undefined) {
    references.push(reference('FieldMDP', lockEntries(lock), ` /Data ${catalogRef}`));
  }
  return references;
}

/** /Action, /Fields and /P, as a lock dictionary and FieldMDP's parameters have them. */
export function lockEntries(lock: FieldLock): string {
  const fields = lock.action === 'All' ? '' : ` /Fields [${lock.fields.map(encodeText).join(' ')}]`;
  const permission = lock.permission === undefined ? '' : ` /P ${lock.permission}`;
  return ` /Action /${lock.action}${fields}${permission}`;
}

/** ISO 32000-2, 12.8.5; no /M: the time-stamp is the time (ETSI EN 319 142-1, 5.4.3). */
export function timestampObject(reservedBytes: number): SignatureObject {
  return assemble(`<< /Type /DocTimeStamp /Filter /${writtenFilter} /SubFilter /ETSI.RFC3161`, '', reservedBytes);
}

function assemble(head: string, entries: string, reservedBytes: number): SignatureObject {
  const beforeRange = `${head} /ByteRange [`;
  const beforeContents = `${beforeRange}${' '.repeat(byteRangeWidth)}] /Contents `;
  return {
    parts: [`${beforeContents}<`, { zeroDigits: reservedBytes * 2 }, `>${entries} >>`],
    byteRangeAt: beforeRange.length,
    contentsAt: beforeContents.length,
  };
}

/** Fills the blanks left for it. */
export function writeByteRange(target: Buffer, at: number, byteRange: readonly number[]): void {
  target.write(byteRange.join(' ').padEnd(byteRangeWidth, ' '), at, 'latin1');
}
