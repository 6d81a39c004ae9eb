import type { z } from 'zod';
import type { Level } from '../level.js';
import type { CertificateStatus, revocationStatusSchema } from '../revocation.js';
import type {
  CertificateSummary,
  SignatureReport,
  TimestampSummary,
  ValidationReport,
  Verdict,
} from '../verification.js';
import { text, type BilingualText } from './bilingual.js';

type RevocationSource = CertificateStatus['source'] | SignatureReport['revocation']['source'];

export const checkResults = {
  passed: text('Đạt', 'Passed'),
  failed: text('Không đạt', 'Failed'),
  indeterminate: text('Chưa xác định được', 'Could not be determined'),
} satisfies Record<SignatureReport['integrity'], BilingualText>;

export const revocationStatuses = {
  good: text('Không bị thu hồi', 'Not revoked'),
  revoked: text('Đã bị thu hồi', 'Revoked'),
  unknown: text('Chưa rõ', 'Not known'),
  'not-checked': text('Không kiểm tra', 'Not checked'),
} satisfies Record<z.infer<typeof revocationStatusSchema>, BilingualText>;

const levels = {
  'B-B': text('Chưa có dấu thời gian (B-B)', 'Without a time-stamp (B-B)'),
  'B-T': text('Có dấu thời gian (B-T)', 'With a time-stamp (B-T)'),
  'B-LT': text('Kiểm tra được lâu dài (B-LT)', 'Verifiable in the long term (B-LT)'),
  'B-LTA': text('Lưu trữ lâu dài (B-LTA)', 'For archives (B-LTA)'),
} satisfies Record<Level, BilingualText>;

/**
 * What officials read of a validation report: the values, and the names of the fields, of which Thông tư 15/2025/TT-BKHCN wants
 * several shown. The three verdicts are its own words.
 */
export const verificationTexts = {
  Verdict: {
    valid: text('Hợp lệ', 'Valid'),
    invalid: text('Không hợp lệ', 'Invalid'),
    indeterminate: text('Không đủ thông tin xác thực', 'Not enough information to validate'),
  } satisfies Record<Verdict, BilingualText>,

  Indication: {
    'TOTAL-PASSED': text('Mọi kiểm tra đều đạt', 'Every check passed'),
    'TOTAL-FAILED': text('Có kiểm tra không đạt', 'A check failed'),
    INDETERMINATE: text('Chưa đủ căn cứ để kết luận', 'There is not enough to conclude'),
  } satisfies Record<SignatureReport['indication'], BilingualText>,

  CheckResult: checkResults,

  Coverage: {
    'whole-file': text('Toàn bộ tệp', 'The whole file'),
    'whole-revision': text(
      'Toàn bộ phiên bản được ký; phần bổ sung sau đó được phép',
      'A whole revision; what was added later is permitted',
    ),
    modified: text('Nội dung đã bị thay đổi sau khi ký', 'The content was changed after signing'),
    partial: text('Chỉ một phần nội dung được ký', 'Only a part of the content is signed'),
  } satisfies Record<SignatureReport['coverage'], BilingualText>,

  SignatureKind: {
    signature: text('Chữ ký số', 'Signature'),
    'document-timestamp': text('Dấu thời gian của văn bản', 'Document time-stamp'),
  } satisfies Record<SignatureReport['kind'], BilingualText>,

  Level: levels,

  SignatureLevel: {
    ...levels,
    none: text('Không thuộc mức nào', 'None of the levels'),
  } satisfies Record<SignatureReport['level'], BilingualText>,

  RevocationStatus: revocationStatuses,

  RevocationSource: {
    dss: text('Thông tin xác thực lưu trong văn bản (DSS)', 'Validation data in the document (DSS)'),
    online: text('Kiểm tra trực tuyến', 'Asked online'),
    ocsp: text('Dịch vụ kiểm tra trực tuyến (OCSP)', 'Online status service (OCSP)'),
    crl: text('Danh sách chứng thư số bị thu hồi (CRL)', 'Revocation list (CRL)'),
    none: text('Không có', 'None'),
  } satisfies Record<RevocationSource, BilingualText>,

  ValidationReport: {
    verdict: text('Kết luận chung', 'Overall verdict'),
    validatedAt: text('Thời điểm kiểm tra', 'Time of validation'),
    sizeBytes: text('Kích thước tệp (byte)', 'Size of the file (bytes)'),
    sha256: text('Giá trị băm SHA-256 của tệp', 'SHA-256 of the file'),
    signatures: text('Các chữ ký số', 'Signatures'),
    warnings: text('Cảnh báo', 'Warnings'),
  } satisfies Record<keyof ValidationReport, BilingualText>,

  SignatureReport: {
    field: text('Trường chữ ký', 'Signature field'),
    kind: text('Loại', 'Kind'),
    verdict: text('Kết luận', 'Verdict'),
    indication: text('Kết luận theo ETSI EN 319 102-1', 'Indication of ETSI EN 319 102-1'),
    subIndication: text('Nguyên nhân theo ETSI EN 319 102-1', 'Sub-indication of ETSI EN 319 102-1'),
    reasons: text('Lý do', 'Reasons'),
    signer: text('Người ký', 'Signer'),
    level: text('Mức chữ ký', 'Level'),
    algorithm: text('Thuật toán', 'Algorithm'),
    integrity: text('Tính toàn vẹn', 'Integrity'),
    coverage: text('Phạm vi được ký', 'What is signed'),
    revision: text('Phiên bản được ký', 'Revision'),
    certificateChain: text('Đường dẫn tin cậy của chứng thư số', 'Certification path'),
    validAtSigningTime: text('Hiệu lực của chứng thư số tại thời điểm ký', 'Certificate valid at the time of signing'),
    signingTime: text('Thời gian ký do người ký khai báo', 'Time of signing as the signer claims it'),
    bestSignatureTime: text('Thời điểm xét hiệu lực', 'Time for which validity was judged'),
    timestamp: text('Dấu thời gian', 'Time-stamp'),
    revocation: text('Tình trạng thu hồi', 'Revocation'),
    docMdp: text('Thay đổi được phép sau khi ký', 'Changes permitted after signing'),
  } satisfies Record<keyof SignatureReport, BilingualText>,

  CertificateSummary: {
    subject: text('Tên đầy đủ trong chứng thư số', 'Subject'),
    subjectName: text('Tên trong chứng thư số', 'Name of the subject'),
    organisation: text('Cơ quan, tổ chức quản lý', 'Organisation'),
    issuer: text('Tên đầy đủ của tổ chức cấp chứng thư số', 'Issuer'),
    issuerName: text('Tổ chức cấp chứng thư số', 'Issuing CA'),
    serialNumber: text('Số hiệu chứng thư số', 'Serial number'),
    notBefore: text('Có hiệu lực từ', 'Valid from'),
    notAfter: text('Có hiệu lực đến', 'Valid until'),
    sha256: text('Giá trị băm SHA-256 của chứng thư số', 'SHA-256 of the certificate'),
  } satisfies Record<keyof CertificateSummary, BilingualText>,

  TimestampSummary: {
    genTime: text('Thời điểm ghi trong dấu thời gian', 'Time of the time-stamp'),
    tsa: text('Đơn vị cấp dấu thời gian', 'Time-stamping unit'),
    policy: text('Chính sách cấp dấu thời gian', 'Policy of the time-stamp'),
    trusted: text('Dấu thời gian đủ tin cậy', 'The time-stamp is trusted'),
  } satisfies Record<keyof TimestampSummary, BilingualText>,
} as const;
