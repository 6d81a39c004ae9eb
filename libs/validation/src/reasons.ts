import type { Indication, Note } from './report.js';
import type { SubIndication } from './sub-indications.js';

interface Reason {
  /** What the finding does to the signature; TOTAL-PASSED: nothing, it is a remark. */
  readonly indication: Indication;
  readonly subIndication?: SubIndication;
  /** `{detail}` is replaced by what was found. */
  readonly vi: string;
  readonly en: string;
}

const failed = (subIndication: SubIndication, vi: string, en: string): Reason => ({
  indication: 'TOTAL-FAILED',
  subIndication,
  vi,
  en,
});
const open = (subIndication: SubIndication, vi: string, en: string): Reason => ({
  indication: 'INDETERMINATE',
  subIndication,
  vi,
  en,
});
const remark = (vi: string, en: string): Reason => ({ indication: 'TOTAL-PASSED', vi, en });

/**
 * Every reason that a report can give, with its effect (ETSI EN 319 102-1, tables 5 and 6) and its texts. A rule only names
 * the code; nothing else decides what a finding means.
 */
export const reasonCatalogue = {
  // Format and coverage
  FORMAT_FAILURE: failed(
    'FORMAT_FAILURE',
    'Không đọc được chữ ký số: {detail}.',
    'The signature cannot be read: {detail}.',
  ),
  SUBFILTER_UNSUPPORTED: failed(
    'FORMAT_FAILURE',
    'Định dạng chữ ký số không được hỗ trợ: {detail}.',
    'The signature format is not supported: {detail}.',
  ),
  BYTE_RANGE_MALFORMED: failed(
    'FORMAT_FAILURE',
    'Phạm vi dữ liệu được ký (ByteRange) không đúng quy cách: {detail}.',
    'The ByteRange is not well formed: {detail}.',
  ),
  BYTE_RANGE_GAP: failed(
    'FORMAT_FAILURE',
    'Phần không được ký không trùng với chính giá trị chữ ký số: {detail}.',
    'The bytes left out of the ByteRange are not exactly the value of this signature: {detail}.',
  ),
  BYTE_RANGE_PARTIAL: failed(
    'FORMAT_FAILURE',
    'Chữ ký số không bao trùm toàn bộ phiên bản tài liệu được ký: {detail}.',
    'The signature does not cover a whole revision of the document: {detail}.',
  ),
  DOCUMENT_MODIFIED: failed(
    'FORMAT_FAILURE',
    'Tài liệu đã bị thay đổi sau khi ký: {detail}.',
    'The document was changed after it was signed: {detail}.',
  ),
  COMPARISON_LIMIT: open(
    'TRY_LATER',
    'Không so sánh hết được các thay đổi sau khi ký: {detail}.',
    'The changes after the signature could not be compared completely: {detail}.',
  ),
  FORMAT_ISSUE: remark(
    'Chữ ký số không theo đúng mức cơ sở PAdES: {detail}.',
    'The signature deviates from the PAdES baseline: {detail}.',
  ),

  // Integrity
  HASH_FAILURE: failed(
    'HASH_FAILURE',
    'Nội dung được ký đã bị thay đổi: giá trị băm không khớp.',
    'The signed content was changed: its digest is another one.',
  ),
  SIGNATURE_WRONG: failed(
    'SIG_CRYPTO_FAILURE',
    'Giá trị chữ ký số không đúng với khoá công khai của chứng thư chữ ký số.',
    'The signature value does not verify with the public key of the certificate.',
  ),
  SIGNING_CERTIFICATE_MISMATCH: open(
    'NO_SIGNING_CERTIFICATE_FOUND',
    'Chứng thư chữ ký số kèm theo không phải là chứng thư được nêu trong chữ ký số.',
    'The certificate is not the one that the signature names (signing-certificate attribute).',
  ),
  SIGNING_CERTIFICATE_NOT_FOUND: open(
    'NO_SIGNING_CERTIFICATE_FOUND',
    'Chữ ký số không kèm theo chứng thư chữ ký số của người ký: {detail}.',
    'The certificate of the signer is not in the signature: {detail}.',
  ),
  SIGNING_CERTIFICATE_ABSENT: open(
    'SIG_CONSTRAINTS_FAILURE',
    'Chữ ký số không nêu chứng thư chữ ký số của người ký (signing-certificate-v2).',
    'The signature does not name its certificate (signing-certificate-v2).',
  ),
  ALGORITHM_NOT_ACCEPTED: open(
    'CRYPTO_CONSTRAINTS_FAILURE',
    'Thuật toán, độ dài khoá hoặc dạng chữ ký số không được chấp nhận theo quy định: {detail}.',
    'The algorithm, the key length or the kind of signature is not accepted: {detail}.',
  ),

  // Certificate chain
  CHAIN_NOT_FOUND: open(
    'NO_CERTIFICATE_CHAIN_FOUND',
    'Không tìm được đường dẫn tin cậy từ chứng thư chữ ký số đến tổ chức chứng thực gốc: {detail}.',
    'No path from the certificate to a trust anchor was found: {detail}.',
  ),
  CHAIN_CONSTRAINT: open(
    'CHAIN_CONSTRAINTS_FAILURE',
    'Đường dẫn chứng thực vi phạm ràng buộc: {detail}.',
    'The certification path breaks a constraint: {detail}.',
  ),
  KEY_USAGE: open(
    'CHAIN_CONSTRAINTS_FAILURE',
    'Chứng thư chữ ký số không được cấp để ký số: {detail}.',
    'The certificate was not issued for signing: {detail}.',
  ),
  EXPIRED_NO_POE: open(
    'OUT_OF_BOUNDS_NO_POE',
    'Chứng thư đã hết hạn và không có gì chứng minh việc ký đã thực hiện trong thời hạn hiệu lực: {detail}.',
    'The certificate has expired and nothing proves that the signature was made before: {detail}.',
  ),
  NOT_YET_VALID: failed(
    'NOT_YET_VALID',
    'Chữ ký số được tạo trước khi chứng thư có hiệu lực: {detail}.',
    'The signature was made before the certificate was valid: {detail}.',
  ),

  // Revocation
  REVOKED: failed(
    'REVOKED',
    'Chứng thư chữ ký số đã bị thu hồi trước thời điểm ký: {detail}.',
    'The certificate was revoked before the time of signing: {detail}.',
  ),
  REVOKED_NO_POE: open(
    'REVOKED_NO_POE',
    'Chứng thư chữ ký số đã bị thu hồi; dấu thời gian chưa đủ tin cậy để chứng minh việc ký diễn ra trước đó: {detail}.',
    'The certificate was revoked; the time-stamp cannot be relied on to prove that the signature is older: {detail}.',
  ),
  REVOKED_LATER: remark(
    'Chứng thư chữ ký số bị thu hồi sau thời điểm ký đã được chứng minh: {detail}.',
    'The certificate was revoked after the proven time of signing: {detail}.',
  ),
  CA_REVOKED: open(
    'REVOKED_CA_NO_POE',
    'Chứng thư của tổ chức chứng thực đã bị thu hồi: {detail}.',
    'The certificate of a certification authority was revoked: {detail}.',
  ),
  ON_HOLD: open(
    'TRY_LATER',
    'Chứng thư chữ ký số đang bị tạm dừng: {detail}.',
    'The certificate is suspended (certificateHold): {detail}.',
  ),
  REVOCATION_NOT_FOUND: open(
    'TRY_LATER',
    'Không có thông tin thu hồi (OCSP hoặc CRL) của chứng thư: {detail}.',
    'There is no revocation information (OCSP or CRL) for the certificate: {detail}.',
  ),
  REVOCATION_NOT_FRESH: open(
    'TRY_LATER',
    'Thông tin thu hồi của chứng thư không dùng được cho thời điểm ký: {detail}.',
    'The revocation information for the certificate does not serve for the time of signing: {detail}.',
  ),

  // Time
  TIMESTAMP_BROKEN: open(
    'SIG_CONSTRAINTS_FAILURE',
    'Dấu thời gian không hợp lệ: {detail}.',
    'The time-stamp does not verify: {detail}.',
  ),
  TIMESTAMP_IMPRINT: open(
    'SIG_CONSTRAINTS_FAILURE',
    'Dấu thời gian được cấp cho dữ liệu khác, không phải chữ ký số này.',
    'The time-stamp was issued for other data than this signature.',
  ),
  TIMESTAMP_ORDER: open(
    'TIMESTAMP_ORDER_FAILURE',
    'Thứ tự các dấu thời gian mâu thuẫn: {detail}.',
    'The time-stamps contradict the order of the revisions: {detail}.',
  ),
  TIMESTAMP_UNTRUSTED: remark(
    'Dấu thời gian không được dùng làm chứng cứ vì không đủ tin cậy: {detail}',
    'The time-stamp is not used as proof because it is not trusted: {detail}',
  ),
  TIMESTAMP_REVOCATION_UNKNOWN: remark(
    'Dấu thời gian không được dùng làm chứng cứ vì không biết trạng thái thu hồi của đơn vị cấp: {detail}',
    'The time-stamp is not used as proof because the revocation status of its unit is not known: {detail}',
  ),
  TIME_NOT_PROVEN: remark(
    'Thời điểm ký chỉ do người ký khai báo, không có dấu thời gian chứng minh.',
    'The time of signing is only claimed by the signer; no time-stamp proves it.',
  ),
  CLAIMED_TIME: remark(
    'Thời điểm ký do người ký khai báo mâu thuẫn với dấu thời gian: {detail}.',
    'The time claimed by the signer contradicts the time-stamp: {detail}.',
  ),
  DEADLINE_EXCEEDED: open(
    'TRY_LATER',
    'Chưa kiểm tra xong trong thời gian cho phép.',
    'The check was not finished in the time allowed.',
  ),

  // The document as a whole
  NO_SIGNATURE: open('SIGNED_DATA_NOT_FOUND', 'Tài liệu không có chữ ký số.', 'The document holds no signature.'),
  SECURITY_STORE_UNREADABLE: remark(
    'Không đọc được thông tin xác thực lưu trong tài liệu (DSS): {detail}.',
    'The validation data in the document (DSS) cannot be read: {detail}.',
  ),
  SECURITY_STORE_LIMIT: remark(
    'Thông tin xác thực lưu trong tài liệu (DSS) vượt giới hạn nên không được dùng: {detail}.',
    'The validation data in the document (DSS) is over the limit and is not used: {detail}.',
  ),
} satisfies Record<string, Reason>;

export type ReasonCode = keyof typeof reasonCatalogue;

/** What a rule found; the catalogue says what it means. */
export interface Finding {
  readonly code: ReasonCode;
  /** Numbers, names and times; the same in both languages. */
  readonly detail?: string;
}

/** The catalogue's row as the general type. */
export const reasonOf = (code: ReasonCode): Reason => reasonCatalogue[code];

/** The texts of a finding for the report. */
export function noteOf(finding: Finding): Note {
  const { vi, en } = reasonOf(finding.code);
  const fill = (text: string): string => text.replace('{detail}', () => finding.detail ?? '–');
  return { code: finding.code, vi: fill(vi), en: fill(en) };
}
