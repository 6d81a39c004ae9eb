/**
 * Why a document, or what was asked of it, is refused. `PDF_${code}` or `${code}` is the failure code in libs/contracts.
 *
 * - `EMPTY`: no bytes. `NOT_A_PDF`: no `%PDF-` header within the first 1,024 bytes.
 * - `DAMAGED`: the file contradicts ISO 32000-2 where the reader has to rely on it, and a scan of the
 *   file doesn't help or is ruled out: signed files are not repaired.
 * - `NO_PAGES`: the page tree has no page.
 * - `PASSWORD_NEEDED`: encrypted, and neither the empty password nor the one that was given opens it.
 * - `ENCRYPTED`: encrypted for certain recipients (public key), or in a way that ISO 32000-2 doesn't know.
 * - `OWNER_FORBIDS`: encrypted, and its permissions don't include the signature; the owner password would.
 * - `HYBRID`: a cross-reference table with /XRefStm (ISO 32000-2, 7.5.8.4).
 * - `LIMIT_EXCEEDED`: one of `PdfLimits`.
 * - `PAGE_UNKNOWN`, `RECTANGLE_OFF_PAGE`, `IMAGE_INVALID`, `TEXT_NOT_DRAWABLE`: what was asked for can't be drawn.
 * - `FIELD_UNUSABLE`: the field of that name can't hold what is asked for: another type, not empty, a name that is taken, a
 *   seed value or a lock that can't be obeyed.
 * - `CERTIFIED`: an earlier signer forbade the change that the signature would be.
 * - `ALREADY_SIGNED`: certification and new fields come before the first signature.
 */
export type PdfErrorCode =
  | 'EMPTY'
  | 'NOT_A_PDF'
  | 'DAMAGED'
  | 'NO_PAGES'
  | 'PASSWORD_NEEDED'
  | 'ENCRYPTED'
  | 'OWNER_FORBIDS'
  | 'HYBRID'
  | 'LIMIT_EXCEEDED'
  | 'PAGE_UNKNOWN'
  | 'RECTANGLE_OFF_PAGE'
  | 'IMAGE_INVALID'
  | 'TEXT_NOT_DRAWABLE'
  | 'FIELD_UNUSABLE'
  | 'CERTIFIED'
  | 'ALREADY_SIGNED';

/** A refusal with what was expected and what was found, both in English, without the document's content. */
export class PdfError extends Error {
  override readonly name = 'PdfError';
  constructor(
    readonly code: PdfErrorCode,
    readonly expected: string,
    readonly found: string,
  ) {
    super(`${code}: expected ${expected}, found ${found}`);
  }
}

/** The CMS doesn't fit into /Contents: prepare again with at least `neededBytes` and sign again. Both in bytes of DER. */
export class PlaceholderTooSmall extends Error {
  override readonly name = 'PlaceholderTooSmall';
  constructor(
    readonly neededBytes: number,
    readonly reservedBytes: number,
  ) {
    super(`the CMS has ${neededBytes} bytes, ${reservedBytes} are reserved`);
  }
}

/** The refusal of an image that isn't what its format asks, or of a kind that is not drawn. */
export function imageInvalid(expected: string, found: string): PdfError {
  return new PdfError('IMAGE_INVALID', expected, found);
}
