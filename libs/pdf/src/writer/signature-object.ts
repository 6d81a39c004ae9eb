import { formatDate } from '../syntax/dates.js';
import { encodeText } from '../syntax/strings.js';
import type { Part } from './parts.js';

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

/** ISO 32000-2, 12.8.1, table 255. /M carries the signing time in PAdES (ETSI EN 319 142-1, 6.3). */
export function signatureObject(claims: {
  readonly signingTime: Date;
  readonly reservedBytes: number;
  readonly name?: string;
  readonly reason?: string;
  readonly location?: string;
}): SignatureObject {
  let entries = ` /M (${formatDate(claims.signingTime)})`;
  for (const [key, text] of [
    ['Name', claims.name],
    ['Reason', claims.reason],
    ['Location', claims.location],
  ] as const) {
    entries += text === undefined || text === '' ? '' : ` /${key} ${encodeText(text)}`;
  }
  const head = '<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached';
  return assemble(head, entries, claims.reservedBytes);
}

/** ISO 32000-2, 12.8.5; no /M: the time-stamp is the time (ETSI EN 319 142-1, 5.4.3). */
export function timestampObject(reservedBytes: number): SignatureObject {
  return assemble('<< /Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161', '', reservedBytes);
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
