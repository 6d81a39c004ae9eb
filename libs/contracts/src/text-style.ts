import { z } from 'zod';

/** How lines are drawn. */
export const textStyleShape = {
  color: z
    .string()
    .regex(/^[0-9A-Fa-f]{6}$/, 'expected RRGGBB')
    .optional()
    .describe('sRGB, RRGGBB; default 000000'),
  fontStyle: z.enum(['upright', 'italic']).optional().describe('Default upright'),
  align: z.enum(['left', 'center', 'right']).optional().describe('Default: as the shape of the rectangle asks'),
};
export const textStyleSchema = z.object(textStyleShape);
export type TextStyle = z.infer<typeof textStyleSchema>;
