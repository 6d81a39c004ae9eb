import { z } from 'zod';
import { text, type BilingualText } from './texts/bilingual.js';

/**
 * What is worth knowing and stops nothing, in one table as the failures are: the text that an official reads, in Vietnamese
 * and English. Expected and found are added by the one who warns.
 */
const table = {
  CERTIFICATE_EXPIRES_SOON: text('Chứng thư số sắp hết hạn.', 'The certificate expires soon.'),
  IMAGE_CONVERTED: text('Ảnh đã được chuyển sang PNG.', 'The image was converted to PNG.'),
  IMAGE_LOW_RESOLUTION: text(
    'Ảnh có quá ít điểm ảnh so với kích thước trên trang; bản in sẽ mờ.',
    'The image has too few pixels for its size on the page; it will look blurred in print.',
  ),
  IMAGE_LARGE: text(
    'Ảnh lớn hơn mức cần thiết; mỗi văn bản ký sẽ nặng thêm.',
    'The image is larger than it needs to be; it is added to every signed document.',
  ),
  IMAGE_NOT_TRANSPARENT: text(
    'Ảnh không có nền trong suốt; ảnh sẽ che nội dung bên dưới.',
    'The image has no transparent background; it will hide what lies beneath.',
  ),
  SEAL_NOT_RED: text('Ảnh con dấu không có màu đỏ.', 'The image of the seal is not red.'),
  SIGNATURE_NOT_BLUE: text('Ảnh chữ ký không có màu xanh.', 'The image of the handwritten signature is not blue.'),
  TEMPLATE_NOT_AS_DECREED: text(
    'Mẫu khác với quy định tại Phụ lục I Nghị định 30/2020/NĐ-CP.',
    'The template differs from annex I of Nghị định 30/2020/NĐ-CP.',
  ),
} as const satisfies Record<string, BilingualText>;

export type WarningCode = keyof typeof table;
export const warningCodes: Readonly<Record<WarningCode, BilingualText>> = table;

export const warningCodeSchema = z
  .enum(Object.keys(table) as [WarningCode, ...WarningCode[]])
  .meta({ id: 'WarningCode' });

/** A warning as it stands in an answer. */
export const warningSchema = z
  .object({
    code: warningCodeSchema,
    messageVi: z.string().describe('For the official, in Vietnamese'),
    messageEn: z.string().describe('The same in English'),
    expected: z.string().optional(),
    found: z.string().optional(),
  })
  .meta({ id: 'Warning' });
export type Warning = z.infer<typeof warningSchema>;

/** The warning with its texts. */
export function warning(
  code: WarningCode,
  facts: { readonly expected?: string; readonly found?: string } = {},
): Warning {
  const { vi, en } = table[code];
  return { code, messageVi: vi, messageEn: en, ...facts };
}
