import { batchFailures } from './batch-failures.js';
import { row, type FailureRow } from './failure-row.js';
import { retentionFailures } from './retention-failures.js';

/**
 * Every failure that leaves a process, in one table: its HTTP status, whether the same request may pass when it is
 * repeated, and the text that an official reads, in Vietnamese and English. `{expected}` and `{found}` are added by the
 * one who throws, never here.
 */
const table = {
  // The request
  REQUEST_INVALID: row(400, false, 'Yêu cầu không đúng định dạng.', 'The request is not well formed.'),
  UNAUTHENTICATED: row(401, false, 'Thiếu khoá API hoặc khoá API không đúng.', 'The API key is missing or wrong.'),
  FORBIDDEN: row(403, false, 'Ứng dụng không có quyền thực hiện việc này.', 'This client may not do that.'),
  CREDENTIAL_FORBIDDEN: row(
    403,
    false,
    'Ứng dụng không được dùng chứng thư số này với vai trò này.',
    'This client may not use this credential in this role.',
  ),
  ACTOR_FORBIDDEN: row(
    403,
    false,
    'Người dùng này không được giao sử dụng chứng thư số này.',
    'The credential is not entrusted to this official.',
  ),
  ROUTE_UNKNOWN: row(404, false, 'Không có địa chỉ này.', 'There is nothing at this address.'),
  DOCUMENT_UNKNOWN: row(404, false, 'Không tìm thấy văn bản.', 'The document is not known.'),
  VERSION_UNKNOWN: row(404, false, 'Văn bản không có phiên bản này.', 'The document has no such version.'),
  JOB_UNKNOWN: row(404, false, 'Không tìm thấy yêu cầu ký.', 'The signing job is not known.'),
  WEBHOOK_UNKNOWN: row(404, false, 'Không có webhook này.', 'The webhook is not known.'),
  EVENT_UNKNOWN: row(404, false, 'Không tìm thấy sự kiện này.', 'There is no such event among the dead letters.'),
  WEBHOOK_EXISTS: row(409, false, 'Đã có webhook với địa chỉ này.', 'There is a webhook with this URL already.'),
  WEBHOOK_LIMIT: row(
    409,
    false,
    'Ứng dụng đã có đủ số webhook cho phép.',
    'The client has as many webhooks as it may.',
  ),
  WEBHOOK_HOST_REFUSED: row(422, false, 'Máy chủ nhận không được phép.', 'Deliveries to this host are not allowed.'),
  ACTIVATION_UNKNOWN: row(404, false, 'Không tìm thấy phiên nhập mã PIN này.', 'The activation is not known.'),
  TOKEN_UNKNOWN: row(404, false, 'Không có thiết bị ký này.', 'No token of this name is known.'),
  CREDENTIAL_UNKNOWN: row(404, false, 'Không có chứng thư số này.', 'The credential is not known.'),
  METHOD_NOT_ALLOWED: row(405, false, 'Phương thức không được hỗ trợ.', 'The method is not supported here.'),
  REQUEST_TIMEOUT: row(408, true, 'Yêu cầu gửi quá chậm.', 'The request took too long to arrive.'),
  POLICY_UNKNOWN: row(
    422,
    false,
    'Không có chính sách ký này, hoặc ứng dụng không được dùng.',
    'There is no such signing policy, or this client may not name it.',
  ),
  POLICY_VIOLATED: row(
    422,
    false,
    'Yêu cầu không đáp ứng chính sách ký.',
    'The request does not meet the signing policy.',
  ),
  VERSION_STALE: row(
    409,
    false,
    'Văn bản đã có phiên bản mới hơn; hãy tải lại rồi ký.',
    'The document has a newer version, or another job is signing this one.',
  ),
  ACTIVATION_EXISTS: row(
    409,
    false,
    'Phiên nhập mã PIN này đã tồn tại với nội dung khác.',
    'Another activation has this id.',
  ),
  CREDENTIAL_EXISTS: row(
    409,
    false,
    'Mã chứng thư số này đã được đăng ký.',
    'A credential of this id is enrolled already.',
  ),
  CREDENTIAL_CHANGED: row(
    409,
    false,
    'Thông tin chứng thư số đã được người khác thay đổi; hãy xem lại.',
    'The credential was changed meanwhile; look at it again.',
  ),
  QUARANTINE_CHANGED: row(
    409,
    false,
    'Tình trạng tạm khoá của thiết bị đã thay đổi; hãy xem lại rồi mới mở khoá.',
    'The quarantine is not the one that was seen; look at it again before it is lifted.',
  ),
  DRAIN_CHANGED: row(
    409,
    false,
    'Tình trạng ngừng sử dụng của thiết bị đã thay đổi; hãy xem lại rồi mới đưa vào sử dụng.',
    'The token was not taken out of use at the time that was named; look at it again before it is put back.',
  ),
  DOCUMENT_TOO_LARGE: row(413, false, 'Tệp vượt quá dung lượng cho phép.', 'The file is larger than allowed.'),
  BODY_TOO_LARGE: row(413, false, 'Yêu cầu vượt quá dung lượng cho phép.', 'The request body is larger than allowed.'),
  MEDIA_TYPE_UNSUPPORTED: row(415, false, 'Kiểu nội dung không được hỗ trợ.', 'The content type is not supported.'),
  RANGE_NOT_SATISFIABLE: row(
    416,
    false,
    'Khoảng byte yêu cầu nằm ngoài tệp.',
    'The requested range lies outside the file.',
  ),
  IDEMPOTENCY_KEY_REUSED: row(
    422,
    false,
    'Idempotency-Key đã được dùng cho một yêu cầu khác.',
    'The Idempotency-Key was used with another request.',
  ),
  RATE_LIMITED: row(429, true, 'Quá nhiều yêu cầu; hãy thử lại sau.', 'Too many requests; try again later.'),

  // The document
  PDF_EMPTY: row(422, false, 'Tệp rỗng.', 'The file is empty.'),
  PDF_NOT_A_PDF: row(422, false, 'Tệp không phải là PDF.', 'The file is not a PDF.'),
  PDF_DAMAGED: row(422, false, 'Tệp PDF bị hỏng hoặc bị cắt cụt.', 'The PDF is damaged or truncated.'),
  PDF_NO_PAGES: row(422, false, 'Tệp PDF không có trang nào.', 'The PDF has no pages.'),
  PDF_PASSWORD_NEEDED: row(422, false, 'Tệp PDF cần mật khẩu để mở.', 'The PDF needs a password to open.'),
  PDF_ENCRYPTED: row(
    422,
    false,
    'Tệp PDF được mã hoá theo cách không mở được bằng mật khẩu.',
    'The PDF is encrypted in a way that no password opens: for certain recipients, or by an unknown method.',
  ),
  PDF_OWNER_FORBIDS: row(
    422,
    false,
    'Chủ sở hữu tệp PDF đã đặt quyền hạn không cho phép thêm chữ ký.',
    'The permissions that the owner of the PDF has set forbid this signature.',
  ),
  PDF_HYBRID: row(
    422,
    false,
    'Tệp PDF có hai bảng tham chiếu (hybrid); quy định ở đây không cho phép ký.',
    'The PDF is a hybrid-reference file, which the policy here does not allow to be signed.',
  ),
  PDF_LIMIT_EXCEEDED: row(
    422,
    false,
    'Cấu trúc tệp PDF vượt giới hạn an toàn.',
    'The structure of the PDF exceeds a safety limit.',
  ),
  PDF_SCREENED: row(
    422,
    false,
    'Tệp PDF có nội dung không được phép ký (mã lệnh, nội dung ẩn, nội dung đổi khi xem hoặc in); hãy xuất lại thành PDF thường rồi ký.',
    'The PDF holds what the policy here does not allow to be signed: it could show or do something else than what was signed.',
  ),
  PDF_CERTIFIED: row(
    422,
    false,
    'Chứng nhận trước đó của văn bản không cho phép ký thêm.',
    'An earlier certification of the document forbids this signature.',
  ),
  PDF_ALREADY_SIGNED: row(
    422,
    false,
    'Văn bản đã có chữ ký; chỉ được chứng nhận hoặc tạo trường trước chữ ký đầu tiên.',
    'The document is signed: it is certified, and fields are created, before the first signature only.',
  ),
  PDF_FIELD_UNUSABLE: row(422, false, 'Trường được chọn không dùng được.', 'The chosen field cannot be used.'),
  SCAN_INVALID: row(
    422,
    false,
    'Tệp ảnh quét bị hỏng hoặc thuộc loại không được hỗ trợ.',
    'The scanned image is damaged or of a kind that is not supported.',
  ),
  SCAN_LIMIT_EXCEEDED: row(
    422,
    false,
    'Ảnh quét vượt giới hạn an toàn.',
    'Making a PDF of the scanned image exceeds a safety limit.',
  ),
  PAGE_UNKNOWN: row(422, false, 'Văn bản không có trang này.', 'The document has no such page.'),
  RECTANGLE_OFF_PAGE: row(422, false, 'Vị trí chữ ký nằm ngoài trang.', 'The rectangle lies off the page.'),
  ANCHOR_NOT_FOUND: row(
    422,
    false,
    'Không tìm thấy dòng chữ hoặc chữ ký dùng làm mốc để đặt chữ ký; hãy chọn vị trí trên trang.',
    'The text or the signature that the placement refers to is not in the document; choose a place on the page.',
  ),
  IMAGE_INVALID: row(422, false, 'Ảnh chữ ký không phải là PNG hợp lệ.', 'The signature image is not a valid PNG.'),
  TEXT_NOT_DRAWABLE: row(
    422,
    false,
    'Phông chữ không có một ký tự trong nội dung hiển thị.',
    'The font lacks a character of the displayed text.',
  ),
  EARLIER_SIGNATURE_INVALID: row(
    422,
    false,
    'Văn bản có chữ ký trước đó không hợp lệ.',
    'An earlier signature of the document is not valid.',
  ),
  ALREADY_ISSUED: row(
    422,
    false,
    'Văn bản đã được đóng dấu phát hành; không ký duyệt hoặc phát hành lần nữa.',
    'The organisation has issued this document already; it is not approved or issued again.',
  ),
  NUMBER_INVALID: row(
    422,
    false,
    'Số, ký hiệu văn bản không đúng.',
    'The number and symbol of the document are not well formed.',
  ),
  DATE_INVALID: row(422, false, 'Ngày văn bản không đúng.', 'The date of the document is not possible.'),
  NUMBER_TAKEN: row(
    409,
    false,
    'Số văn bản đã được cấp cho văn bản khác.',
    'The number was given to another document.',
  ),
  TEMPLATE_STALE: row(
    409,
    false,
    'Mẫu đã được người khác sửa hoặc mã mẫu đã có; hãy tải lại.',
    'The template was changed by somebody else, or its id is taken.',
  ),
  TEMPLATE_UNKNOWN: row(422, false, 'Không có mẫu này.', 'The template is not known.'),
  TEMPLATE_UNFIT: row(422, false, 'Mẫu không dùng được cho bước ký này.', 'The template is not for this kind of step.'),
  APPROVAL_MISSING: row(
    422,
    false,
    'Chưa có chữ ký hợp lệ của người có thẩm quyền; không được đóng dấu.',
    'The organisation may seal only what the authorised person has validly signed.',
  ),

  // The credential
  CERTIFICATE_EXPIRED: row(422, false, 'Chứng thư số đã hết hạn.', 'The certificate has expired.'),
  CERTIFICATE_NOT_YET_VALID: row(422, false, 'Chứng thư số chưa có hiệu lực.', 'The certificate is not valid yet.'),
  CERTIFICATE_REVOKED: row(422, false, 'Chứng thư số đã bị thu hồi.', 'The certificate has been revoked.'),
  CERTIFICATE_UNTRUSTED: row(
    422,
    false,
    'Chứng thư số không dẫn tới CA được tin cậy.',
    'The certificate does not chain to a trusted CA.',
  ),
  CERTIFICATE_UNFIT: row(
    422,
    false,
    'Chứng thư số không dùng được để ký văn bản.',
    'The certificate or its key may not be used to sign documents.',
  ),
  CERTIFICATE_MISMATCH: row(
    422,
    false,
    'Chứng thư số không khớp với khoá trên thiết bị.',
    'The certificate does not belong to the key on the token.',
  ),
  CREDENTIAL_DISABLED: row(403, false, 'Chứng thư số đã bị ngừng sử dụng.', 'The credential is switched off.'),
  OUTSIDE_HOURS: row(
    403,
    false,
    'Ngoài thời gian được phép sử dụng chứng thư số này.',
    'The credential may not be used at this time.',
  ),
  ACTIVATION_REQUIRED: row(
    422,
    false,
    'Chứng thư số này cần người ký nhập mã PIN cho lần ký này.',
    'The key is used only with its owner’s PIN: make an activation and name it in the step.',
  ),
  ACTIVATION_EXPIRED: row(
    422,
    false,
    'Phiên nhập mã PIN đã hết hạn; hãy nhập lại mã PIN.',
    'The activation has expired; make another one.',
  ),
  ACTIVATION_USED_UP: row(
    422,
    false,
    'Phiên nhập mã PIN đã dùng hết hoặc đã bị huỷ; hãy nhập lại mã PIN.',
    'The activation is used up or void; make another one.',
  ),
  ACTIVATION_FOREIGN: row(
    422,
    false,
    'Phiên nhập mã PIN không dành cho chứng thư số hoặc văn bản này.',
    'The activation is for another credential or another document.',
  ),
  ACTIVATION_INVALID: row(
    422,
    false,
    'Mã PIN được mã hoá không đúng cách; chưa có lần thử PIN nào.',
    'The sealed PIN can’t be opened, or says something else than its activation; the PIN was not tried.',
  ),
  PIN_INCORRECT: row(
    503,
    false,
    'Mã PIN của thiết bị không đúng; thiết bị đã bị tạm khoá để tránh khoá PIN.',
    'The PIN of the token is wrong; the token is quarantined so that it is not locked.',
  ),
  TOKEN_QUARANTINED: row(
    503,
    false,
    'Thiết bị ký đang bị tạm khoá, chờ người quản trị.',
    'The token is in quarantine until an operator clears it.',
  ),
  TOKEN_UNAVAILABLE: row(503, true, 'Chưa kết nối được thiết bị ký.', 'The token cannot be reached.'),
  KEY_NOT_FOUND: row(503, false, 'Không tìm thấy khoá trên thiết bị ký.', 'The key is not on the token.'),

  // The work
  LEVEL_UNREACHABLE: row(
    422,
    true,
    'Không đạt được mức chữ ký yêu cầu.',
    'The signature level that was asked for cannot be reached.',
  ),
  CLOCK_SKEWED: row(
    503,
    true,
    'Đồng hồ máy chủ lệch so với dấu thời gian.',
    'The clock of the server differs too much from the time-stamp.',
  ),
  KEY_USE_UNCERTAIN: row(
    409,
    false,
    'Không rõ khoá đã được dùng để ký văn bản này hay chưa; chưa phát hành văn bản nào. Người có trách nhiệm kiểm tra rồi quyết định ký lại.',
    'It is not known whether the key was used for this signature; nothing was released. A person decides whether it is signed again.',
  ),
  SIGNATURE_WRONG: row(500, true, 'Thiết bị trả về chữ ký sai.', 'The token returned a wrong signature.'),
  SELF_CHECK_FAILED: row(
    500,
    false,
    'Văn bản đã ký không qua được bước tự kiểm tra; không phát hành.',
    'The signed document failed our own validation and was not released.',
  ),
  STORE_UNAVAILABLE: row(503, true, 'Kho lưu trữ tạm thời không dùng được.', 'The object store is unavailable.'),
  STORE_FULL: row(507, true, 'Kho lưu trữ đã đầy.', 'The object store is full.'),
  QUEUE_UNAVAILABLE: row(503, true, 'Hàng đợi tạm thời không dùng được.', 'The queue is unavailable.'),
  DOCUMENT_BUSY: row(
    503,
    true,
    'Văn bản đang được gắn dấu thời gian; hãy thử lại sau giây lát.',
    'A time-stamp is being added to the document; try again in a moment.',
  ),
  SERVICE_STOPPING: row(503, true, 'Dịch vụ đang dừng; hãy thử lại.', 'The service is stopping; try again.'),
  TSA_UNAVAILABLE: row(
    502,
    true,
    'Không có dấu thời gian từ máy chủ TSA nào.',
    'No time-stamp authority gave a valid time-stamp.',
  ),
  TSA_REQUEST_INVALID: row(
    400,
    false,
    'Yêu cầu dấu thời gian không đúng định dạng.',
    'The time-stamp request is not well formed.',
  ),
  REVOCATION_UNAVAILABLE: row(
    502,
    true,
    'Không lấy được bằng chứng thu hồi của chứng thư số.',
    'The revocation status of a certificate cannot be had.',
  ),
  URL_REFUSED: row(
    422,
    false,
    'Địa chỉ nằm ngoài danh sách được phép truy cập.',
    'The URL is outside the allow rules.',
  ),
  ...batchFailures,
  ...retentionFailures,

  INTERNAL: row(
    500,
    false,
    'Lỗi nội bộ; hãy báo mã yêu cầu cho người quản trị.',
    'Internal error; give the request id to the operator.',
  ),
} as const;

export type { FailureRow } from './failure-row.js';
export type FailureCode = keyof typeof table;
export const failureCodes: Readonly<Record<FailureCode, FailureRow>> = table;

export function isFailureCode(value: string): value is FailureCode {
  return Object.hasOwn(table, value);
}
