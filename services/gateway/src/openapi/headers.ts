/** Describes a header of an answer in the interface description. */
export function headerOf(description: string): { description: string; schema: { type: 'string' } } {
  return { description, schema: { type: 'string' } };
}

/** A PDF as a body, in either direction. */
export const pdfSchema = { type: 'string' as const, format: 'binary' };
export const pdfContent = { 'application/pdf': { schema: pdfSchema } };
