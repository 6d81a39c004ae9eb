import { BIT_STRING, SEQUENCE, UTF8_STRING } from './der-tags.js';
import { DerReader } from './der-reader.js';
import { CmsError } from './errors.js';
import { decodeString } from './name.js';

/** A token has some kilobytes; stops a TSA that answers with anything else. */
const MAX_RESPONSE_BYTES = 1024 * 1024;

/** PKIStatus (RFC 3161, 2.4.2). */
const STATUS_NAMES = [
  'granted',
  'grantedWithMods',
  'rejection',
  'waiting',
  'revocationWarning',
  'revocationNotification',
];

/** PKIFailureInfo by bit (RFC 3161, 2.4.2). */
const FAILURE_NAMES = new Map([
  [0, 'badAlg'],
  [2, 'badRequest'],
  [5, 'badDataFormat'],
  [14, 'timeNotAvailable'],
  [15, 'unacceptedPolicy'],
  [16, 'unacceptedExtension'],
  [17, 'addInfoNotAvailable'],
  [25, 'systemFailure'],
]);

/**
 * TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken OPTIONAL }; gives the token as it stands.
 * Throws MALFORMED, LIMIT_EXCEEDED, STATUS (with the authority's own text and failure bits).
 */
export function parseTimestampResponse(der: Uint8Array): { tokenDer: Uint8Array } {
  if (der.length > MAX_RESPONSE_BYTES) {
    throw new CmsError('LIMIT_EXCEEDED', `TimeStampResp of at most ${MAX_RESPONSE_BYTES} bytes`, `${der.length}`);
  }
  const response = DerReader.of(der, SEQUENCE, 'TimeStampResp');
  const { status, text } = readStatusInfo(response.enter(SEQUENCE));
  if (status > 1) throw new CmsError('STATUS', 'PKIStatus granted', text);
  if (response.done) throw response.malformed('a token with PKIStatus granted', 'none');
  const tokenDer = Uint8Array.from(response.element());
  response.end();
  return { tokenDer };
}

/** PKIFreeText ::= SEQUENCE OF UTF8String; not more of it than fits into a log line. */
function readFreeText(strings: DerReader): string[] {
  const texts: string[] = [];
  while (!strings.done && texts.length < 8) {
    texts.push(decodeString(UTF8_STRING, strings.content(UTF8_STRING)).slice(0, 200));
  }
  return texts;
}

/** PKIStatusInfo ::= SEQUENCE { status INTEGER, statusString SEQUENCE OF UTF8String OPTIONAL, failInfo BIT STRING OPTIONAL }. */
function readStatusInfo(info: DerReader): { status: number; text: string } {
  const status = info.smallUnsigned();
  const parts = [STATUS_NAMES[status] ?? `status ${status}`];
  const strings = info.enterOptional(SEQUENCE);
  if (strings) parts.push(...readFreeText(strings));
  const bits = info.contentOptional(BIT_STRING);
  for (const [bit, name] of FAILURE_NAMES) {
    if (bits && (bits[1 + (bit >> 3)] ?? 0) & (0x80 >> (bit & 7))) parts.push(name);
  }
  info.end();
  return { status, text: parts.join(', ') };
}
