import { isFailureCode, SigningError } from '@kyso/contracts';
import { PdfError } from '@kyso/pdf';

/** The failure that a caller sees for what libs/pdf refuses; other errors pass unchanged. */
export function pdfRefusal(error: unknown): unknown {
  if (!(error instanceof PdfError)) return error;
  const facts = { expected: error.expected, found: error.found, cause: error };
  for (const code of [`PDF_${error.code}`, error.code]) {
    if (isFailureCode(code)) return new SigningError(code, facts);
  }
  return error;
}

/** Runs what reads a PDF and turns its refusals into failures with a code. */
export async function refusing<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw pdfRefusal(error);
  }
}
