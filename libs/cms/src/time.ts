import { GENERALIZED_TIME, UTC_TIME } from './der-tags.js';
import type { DerReader } from './der-reader.js';

const utcPattern = /^(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/;
const generalizedPattern = /^(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{1,9}))?Z$/;

/** Time ::= CHOICE { utcTime, generalTime }, in UTC with seconds (RFC 5280, 4.1.2.5). Throws MALFORMED. */
export function readTime(reader: DerReader): Date {
  if (reader.peek() === GENERALIZED_TIME) return readGeneralizedTime(reader);
  const text = latin1(reader.content(UTC_TIME));
  const match = utcPattern.exec(text);
  if (!match) throw reader.malformed('UTCTime YYMMDDHHMMSSZ', JSON.stringify(text));
  const [, year = '', ...rest] = match;
  // RFC 5280, 4.1.2.5.1: 50 to 99 are 19YY, 00 to 49 are 20YY.
  return dateOf([`${Number(year) >= 50 ? '19' : '20'}${year}`, ...rest], reader, text);
}

/** GeneralizedTime in UTC with seconds; fractions as RFC 3161, 2.4.2 allows, cut to milliseconds. Throws MALFORMED. */
export function readGeneralizedTime(reader: DerReader): Date {
  const text = latin1(reader.content(GENERALIZED_TIME));
  const match = generalizedPattern.exec(text);
  if (!match) throw reader.malformed('GeneralizedTime YYYYMMDDHHMMSS[.s]Z', JSON.stringify(text));
  return dateOf(match.slice(1), reader, text);
}

function dateOf(fields: readonly (string | undefined)[], reader: DerReader, text: string): Date {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = fields.slice(0, 6).map(Number);
  const milliseconds = Number((fields[6] ?? '').padEnd(3, '0').slice(0, 3));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, milliseconds);
  // Date rolls 31 February over into March: a date that doesn't come back as it went in doesn't exist.
  const same =
    date.getUTCMonth() === month - 1 && date.getUTCDate() === day && date.getUTCHours() === hour && minute < 60;
  if (!same || second > 59) throw reader.malformed('a time that exists', JSON.stringify(text));
  return date;
}

const latin1 = (octets: Uint8Array): string => Buffer.from(octets.subarray(0, 40)).toString('latin1');
