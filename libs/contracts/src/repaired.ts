import { z } from 'zod';

/** Of a damaged file that is signed all the same; the bytes that were handed in stay as they are. */
export const repairedSchema = z
  .object({ reason: z.string().describe('What was expected and what was found, in English') })
  .describe('Why the file could not be read as it stands: it was scanned, and is signed as the scan found it')
  .meta({ id: 'Repaired' });
export type Repaired = z.infer<typeof repairedSchema>;
