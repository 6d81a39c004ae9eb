import { row } from './failure-row.js';

/** Failures of batches and of what they are made of. */
export const batchFailures = {
  BATCH_UNKNOWN: row(404, false, 'Không tìm thấy lô ký này.', 'The batch is not known.'),
  OBJECT_UNKNOWN: row(
    404,
    false,
    'Không tìm thấy tệp này trong kho dữ liệu.',
    'There is no such file in the object store.',
  ),
  BATCH_STATE: row(
    409,
    false,
    'Không thực hiện được việc này với tình trạng hiện tại của lô ký.',
    'The batch is not in a state in which this can be done.',
  ),
  BATCH_CANCELLED: row(
    409,
    false,
    'Lô ký đã bị huỷ trước khi đến lượt văn bản này.',
    'The batch was cancelled before it.',
  ),
  MANIFEST_INVALID: row(
    422,
    false,
    'Danh sách văn bản của lô ký không đúng định dạng.',
    'The manifest of the batch is not well formed.',
  ),
} as const;
