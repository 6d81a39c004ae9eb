import { SigningError, isFailureCode } from '@kyso/contracts';
import { PdfError } from '@kyso/pdf';

/** Runs `work` and turns what libs/pdf says of a file into the failure code of the same name. */
export async function pdfFailure<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof PdfError)) throw error;
    const code = [`PDF_${error.code}`, error.code].find(isFailureCode) ?? 'PDF_DAMAGED';
    throw new SigningError(code, { expected: error.expected, found: error.found, cause: error });
  }
}
