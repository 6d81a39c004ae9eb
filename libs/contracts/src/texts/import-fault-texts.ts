import { text, type BilingualText } from './bilingual.js';

/** What can be wrong with a spreadsheet, besides what is wrong with any request. `{detail}` is filled in. */
export const importFaultTexts = {
  HEADING_WRONG: text('Tên cột không đúng: “{detail}”.', 'The heading is wrong: “{detail}”.'),
  VALUE_MISSING: text('Thiếu giá trị bắt buộc.', 'A value is needed here.'),
  VALUE_INVALID: text('Giá trị không hợp lệ.', 'The value is not valid.'),
  VALUE_MISSING_OR_INVALID: text(
    'Thiếu giá trị bắt buộc hoặc giá trị không hợp lệ.',
    'A value is needed here, or one of this row is not valid.',
  ),
  TEMPLATE_TYPE_UNKNOWN: text('Loại mẫu phải là một trong: {detail}.', 'The type must be one of: {detail}.'),
  ID_REPEATED: text('Mã này đã có ở dòng {detail}.', 'The id is that of line {detail}.'),
  CREDENTIAL_UNUSABLE: text(
    'Thiết bị, khoá, chứng thư số hoặc vai trò ở dòng này không dùng được.',
    'The token, the key, the certificate or a role of this row cannot be used.',
  ),
} as const satisfies Record<string, BilingualText>;
