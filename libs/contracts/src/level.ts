import { z } from 'zod';

export const levelSchema = z
  .enum(['B-B', 'B-T', 'B-LT', 'B-LTA'])
  .describe('ETSI EN 319 142-1 baseline level')
  .meta({ id: 'Level' });
export type Level = z.infer<typeof levelSchema>;
