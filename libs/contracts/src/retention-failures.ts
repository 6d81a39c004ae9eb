import { row } from './failure-row.js';

/** Failures that come of what is erased, and of what a client may take up. */
export const retentionFailures = {
  DOCUMENT_ERASED: row(410, false, 'Văn bản đã được xoá khỏi hệ thống.', 'The document was erased.'),
  DOCUMENT_IN_USE: row(409, false, 'Văn bản đang được xử lý; chưa xoá được.', 'Work on the document is still open.'),
  QUOTA_EXCEEDED: row(
    429,
    true,
    'Đơn vị đã dùng hết hạn mức; hãy liên hệ người quản trị.',
    'The quota of this client is used up; ask the administrator.',
  ),
} as const;
