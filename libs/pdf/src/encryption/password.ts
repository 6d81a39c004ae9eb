import { encodeDocText } from '../syntax/strings.js';

/** ISO 32000-2, 7.6.4.3.3, step a: what is beyond is not looked at. */
const maxUtf8Bytes = 127;
/** Stops a caller from having megabytes normalised. In UTF-16 code units. */
const maxPasswordLength = 1024;

/**
 * The bytes that a password may stand for in revisions 2 to 4, most likely first: PDFDocEncoding as the standard says
 * (ISO 32000-2, 7.6.4.3.2, step a), and UTF-8, which producers use that never asked. Each is padded or cut by the caller.
 */
export function legacyPasswordBytes(password: string): Buffer[] {
  const cut = password.slice(0, maxPasswordLength);
  const standard = encodeDocText(cut);
  const utf8 = Buffer.from(cut, 'utf8');
  return standard === undefined ? [utf8] : standard.equals(utf8) ? [standard] : [standard, utf8];
}

/**
 * The bytes that a password may stand for in revisions 5 and 6: UTF-8 after SASLprep (RFC 4013), and without it, which
 * producers leave out. Of SASLprep the mappings and the normalisation are done; what it prohibits isn't refused, since
 * a password that no producer could have set doesn't open anything.
 */
export function unicodePasswordBytes(password: string): Buffer[] {
  const cut = password.slice(0, maxPasswordLength);
  const prepared = Buffer.from(saslPrepared(cut), 'utf8').subarray(0, maxUtf8Bytes);
  const plain = Buffer.from(cut, 'utf8').subarray(0, maxUtf8Bytes);
  return prepared.equals(plain) ? [prepared] : [prepared, plain];
}

/** RFC 4013, 2.1 and 2.2: other spaces become U+0020, what is commonly mapped to nothing goes, then NFKC. */
function saslPrepared(password: string): string {
  return password
    .replaceAll(/[\u00a0\u1680\u2000-\u200b\u202f\u205f\u3000]/gu, ' ')
    .replaceAll(/\u00ad|\u034f|\u1806|[\u180b-\u180d]|\u200c|\u200d|\u2060|[\ufe00-\ufe0f]|\ufeff/gu, '')
    .normalize('NFKC');
}
