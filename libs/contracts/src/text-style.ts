import { z } from 'zod';

export const fontStyleSchema = z.enum(['upright', 'italic']).meta({ id: 'FontStyle' });
export const textAlignSchema = z.enum(['left', 'center', 'right']).meta({ id: 'TextAlign' });

/** How lines are drawn. */
export const textStyleShape = {
  color: z
    .string()
    .regex(/^[0-9A-Fa-f]{6}$/, 'expected RRGGBB')
    .optional()
    .describe('sRGB, RRGGBB; default 000000'),
  fontStyle: fontStyleSchema.optional().describe('Default upright'),
  align: textAlignSchema.optional().describe('Default: as the shape of the rectangle asks'),
};
export const textStyleSchema = z.object(textStyleShape);
export type TextStyle = z.infer<typeof textStyleSchema>;
