import { KysoError, type Problem } from '@kyso/client';

/** A file that the gateway refused at its upload; a line of the results like those of items. */
export interface RefusedFile {
  readonly reference: string;
  readonly status: 'failed';
  readonly failure: Partial<Problem>;
}

/** What the gateway said of a file that cannot be signed; undefined for what is no refusal of the file. */
export function refusalOf(error: unknown, file: string): RefusedFile | undefined {
  if (!(error instanceof KysoError)) return undefined;
  const { code } = error;
  const isOfFile = code !== undefined && (code.startsWith('PDF_') || code === 'DOCUMENT_TOO_LARGE');
  return isOfFile ? { reference: file, status: 'failed', failure: error.problem } : undefined;
}
