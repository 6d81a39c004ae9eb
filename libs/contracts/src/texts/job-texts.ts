import type { z } from 'zod';
import type { Role } from '../credential.js';
import type { dryRunCheckNameSchema, dryRunOutcomeSchema } from '../dry-run.js';
import type { BatchItemStatus, BatchStatus } from '../batch.js';
import type { BatchWindow } from '../batch-window.js';
import type { JobStatus, Stage } from '../signing-job.js';
import type { ScreeningKind, ScreeningVerdict } from '../screening.js';
import { text, type BilingualText } from './bilingual.js';
import { checkResults } from './verification-texts.js';

const jobStatuses = {
  accepted: text('Đã tiếp nhận', 'Accepted'),
  running: text('Đang xử lý', 'In progress'),
  waiting: text('Đang chờ, sẽ tự tiếp tục', 'Waiting; it goes on by itself'),
  completed: text('Đã hoàn thành', 'Completed'),
  failed: text('Không thực hiện được', 'Failed'),
} satisfies Record<JobStatus, BilingualText>;

/** What officials read of signing jobs, their steps, their documents and of dry runs. */
export const jobTexts = {
  Role: {
    leader: text('Lãnh đạo', 'Leader'),
    clerk: text('Văn thư', 'Clerk'),
    copy: text('Bản sao (sao y, sao lục, trích sao)', 'Certified copy'),
    attachment: text('Văn bản kèm theo', 'Attachment'),
    incoming: text('Văn bản đến', 'Incoming document'),
    digitised: text('Số hoá giấy tờ', 'Digitised paper'),
  } satisfies Record<Role, BilingualText>,

  JobStatus: jobStatuses,

  BatchStatus: {
    'awaiting-manifest': text('Chờ danh sách văn bản', 'Waits for its manifest'),
    reading: text('Đang đọc danh sách văn bản', 'Reading its items'),
    waiting: text('Chờ đến khung giờ ký', 'Waits for its window'),
    running: jobStatuses.running,
    held: text('Đang chờ điều kiện ký, sẽ tự tiếp tục', 'Held; it goes on by itself'),
    paused: text('Đang tạm dừng', 'Paused'),
    cancelling: text('Đang huỷ', 'Being cancelled'),
    completed: jobStatuses.completed,
    cancelled: text('Đã huỷ', 'Cancelled'),
  } satisfies Record<BatchStatus, BilingualText>,

  BatchItemStatus: {
    completed: text('Đã ký', 'Signed'),
    failed: jobStatuses.failed,
    cancelled: text('Đã huỷ trước khi ký', 'Cancelled before it was signed'),
  } satisfies Record<BatchItemStatus, BilingualText>,

  BatchWindowEnd: {
    wait: text('Hết giờ thì chờ khung giờ sau', 'Waits for the next window'),
    finish: text('Hết giờ vẫn ký cho xong', 'Is finished beyond it'),
  } satisfies Record<BatchWindow['atEnd'], BilingualText>,

  Stage: {
    accepted: jobStatuses.accepted,
    screened: text('Đã kiểm tra nội dung tệp', 'Content screened'),
    prepared: text('Đã chuẩn bị dữ liệu để ký', 'Prepared for signing'),
    signed: text('Đã tạo chữ ký số', 'Signature made'),
    timestamped: text('Đã gắn dấu thời gian', 'Time-stamped'),
    evidence: text('Đã gắn thông tin xác thực chứng thư số', 'Revocation data added'),
    'self-checked': text('Đã tự kiểm tra chữ ký số', 'Signature checked'),
    released: text('Đã có phiên bản được ký', 'Signed version released'),
    waiting: jobStatuses.waiting,
    completed: jobStatuses.completed,
    failed: jobStatuses.failed,
  } satisfies Record<Stage, BilingualText>,

  DryRunCheckName: {
    request: text('Nội dung yêu cầu', 'The request'),
    activation: text('Mã PIN của người ký', 'The signer’s PIN'),
    token: text('Thiết bị ký', 'The token'),
    revocation: text('Tình trạng thu hồi chứng thư số', 'Revocation of the certificate'),
    order: text('Thứ tự ký và nội dung văn bản', 'Order of signatures, content of the document'),
    drawing: text('Hiển thị trên trang', 'Appearance on the pages'),
  } satisfies Record<z.infer<typeof dryRunCheckNameSchema>, BilingualText>,

  DryRunOutcome: {
    passed: checkResults.passed,
    warning: text('Có cảnh báo', 'Warning'),
    failed: checkResults.failed,
    'not-made': text('Chưa kiểm tra', 'Not checked yet'),
  } satisfies Record<z.infer<typeof dryRunOutcomeSchema>, BilingualText>,

  ScreeningVerdict: {
    refuse: text('Từ chối ký', 'Refused'),
    warn: text('Cho phép ký, có cảnh báo', 'Signed, with a warning'),
    allow: text('Cho phép ký', 'Allowed'),
  } satisfies Record<ScreeningVerdict, BilingualText>,

  ScreeningKind: {
    script: text('Có mã lệnh (JavaScript)', 'A script (JavaScript)'),
    launch: text('Có lệnh mở chương trình hoặc tệp khác', 'A command that starts a program or opens a file'),
    'submit-form': text('Có lệnh gửi dữ liệu biểu mẫu đi', 'A command that sends the form away'),
    'import-data': text('Có lệnh nạp dữ liệu vào biểu mẫu từ tệp khác', 'A command that fills the form from a file'),
    'outside-link': text(
      'Có liên kết tới tệp khác hoặc tới địa chỉ không phải trang web',
      'A link to another file, or to an address that is no web page',
    ),
    'view-action': text('Có lệnh ẩn hoặc hiện nội dung', 'A command that hides or shows content'),
    multimedia: text('Có âm thanh, phim hoặc hình 3D', 'Sound, film or 3D'),
    xfa: text('Biểu mẫu XFA, mỗi phần mềm có thể hiển thị một khác', 'An XFA form, which programs show differently'),
    portfolio: text('Tập hợp nhiều tệp (PDF Portfolio)', 'A portfolio of files'),
    'open-form-field': text(
      'Có trường biểu mẫu còn điền được sau khi ký',
      'A form field that can be filled in after signing',
    ),
    'generated-appearance': text(
      'Nội dung trường biểu mẫu do phần mềm đọc tự vẽ lại',
      'Form fields that each program draws anew',
    ),
    'hidden-layer': text('Có lớp nội dung bị ẩn', 'A hidden layer'),
    'screen-print-difference': text(
      'Nội dung trên màn hình khác với bản in',
      'What is on the screen differs from the print',
    ),
    annotation: text('Có chú thích, hình hoặc khung chữ chèn trên trang', 'An annotation above the page'),
    'annotation-over-signature': text('Có chú thích, hình hoặc khung chữ che chữ ký', 'An annotation over a signature'),
    'embedded-file': text('Có tệp đính kèm bên trong', 'An embedded file'),
    'external-content': text('Có nội dung lấy từ tệp bên ngoài', 'Content that is read from another file'),
    'shadow-object': text(
      'Có nội dung ẩn có thể thay thế nội dung đang hiển thị',
      'Hidden content that could replace what is shown',
    ),
    'unreferenced-page': text('Có trang không hiển thị còn nằm trong tệp', 'A page in the file that is not shown'),
    'unlisted-object': text(
      'Có dữ liệu không nằm trong bảng tham chiếu của tệp',
      'Data that no cross-reference table of the file lists',
    ),
    hybrid: text('Tệp có hai bảng tham chiếu (hybrid)', 'Two cross-reference tables (hybrid)'),
    'unlisted-update': text('Có phần cập nhật nằm ngoài cấu trúc tệp', 'An update that the file does not lead to'),
    'stray-bytes': text('Có dữ liệu thừa ở cuối tệp', 'Stray bytes at the end of the file'),
    'ambiguous-dictionary': text(
      'Có thuộc tính khai báo hai lần, mỗi phần mềm có thể hiểu một khác',
      'An entry that stands twice, which programs read differently',
    ),
    'not-screened': text('Có phần không kiểm tra được', 'A part that could not be screened'),
  } satisfies Record<ScreeningKind, BilingualText>,
} as const;
