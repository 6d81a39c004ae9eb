import type { z } from 'zod';
import type { Activation } from '../activation.js';
import type { CredentialKind, SignatureScheme, TokenState, weekdays } from '../credential.js';
import type { CredentialChange, CredentialDetail } from '../credential-admin.js';
import type { Certification, RevocationCheck, TimestampPolicy, UncertainKeyUse } from '../policy.js';
import type { TokenInventory, tokenKeyTypeSchema } from '../token.js';
import { text, type BilingualText } from './bilingual.js';
import { revocationStatuses, verificationTexts } from './verification-texts.js';

const certificate = verificationTexts.CertificateSummary;
const pinIncorrect = text('Mã PIN không đúng', 'The PIN was wrong');

/** What officials and operators read of credentials, tokens, activations and policies. */
export const credentialTexts = {
  CredentialKind: {
    person: text('Cá nhân', 'Person'),
    organisation: text('Cơ quan, tổ chức', 'Organisation'),
  } satisfies Record<CredentialKind, BilingualText>,

  // What an official looks at before signing; the fields of the certificate are called as in a report.
  CredentialDetail: {
    credentialId: text('Mã chứng thư số', 'Credential'),
    kind: text('Loại chủ thể', 'Kind'),
    roles: text('Vai trò được sử dụng', 'Roles'),
    subject: certificate.subject,
    subjectName: certificate.subjectName,
    issuer: certificate.issuer,
    serialNumber: certificate.serialNumber,
    notBefore: certificate.notBefore,
    notAfter: certificate.notAfter,
    certificateSha256: certificate.sha256,
    key: text('Loại khoá', 'Kind of key'),
    scheme: text('Thuật toán ký', 'Signature scheme'),
    digestAlgorithm: text('Thuật toán băm', 'Digest algorithm'),
    token: text('Thiết bị ký', 'Token'),
    tokenState: text('Tình trạng thiết bị ký', 'State of the token'),
    enabled: text('Đang được sử dụng', 'Enabled'),
    warnings: verificationTexts.ValidationReport.warnings,
    owner: text('Chủ sở hữu', 'Owner'),
    organisation: text('Cơ quan, tổ chức ký', 'Organisation for which it signs'),
    hours: text('Thời gian được sử dụng', 'Hours of use'),
    register: text('Sổ số văn bản đi', 'Register of numbers'),
    revocation: verificationTexts.SignatureReport.revocation,
    administration: text('Thông tin quản trị', 'Administration'),
  } satisfies Record<keyof CredentialDetail, BilingualText>,

  SignatureScheme: {
    'rsa-pkcs1': text('Thuật toán RSA, kiểu PKCS#1 v1.5', 'RSA, PKCS#1 v1.5'),
    'rsa-pss': text('Thuật toán RSA, kiểu PSS (RSASSA-PSS)', 'RSA, PSS (RSASSA-PSS)'),
    ecdsa: text('Thuật toán ECDSA, đường cong elliptic', 'ECDSA, elliptic curve'),
  } satisfies Record<SignatureScheme, BilingualText>,

  CredentialChangeKind: {
    adopted: text('Bắt đầu ghi nhận thay đổi', 'Changes are on record from here on'),
    enrolled: text('Đăng ký', 'Enrolled'),
    settings: text('Thay đổi thiết lập', 'Settings changed'),
    renewed: text('Gia hạn hoặc thay chứng thư số', 'Renewed'),
    disabled: text('Ngừng sử dụng', 'Disabled'),
    enabled: text('Cho sử dụng lại', 'Enabled again'),
    delegated: text('Giao cho người khác sử dụng', 'Delegated'),
    'delegation-revoked': text('Thu hồi quyền sử dụng đã giao', 'Delegation revoked'),
  } satisfies Record<CredentialChange['change'], BilingualText>,

  Weekday: {
    monday: text('Thứ Hai', 'Monday'),
    tuesday: text('Thứ Ba', 'Tuesday'),
    wednesday: text('Thứ Tư', 'Wednesday'),
    thursday: text('Thứ Năm', 'Thursday'),
    friday: text('Thứ Sáu', 'Friday'),
    saturday: text('Thứ Bảy', 'Saturday'),
    sunday: text('Chủ nhật', 'Sunday'),
  } satisfies Record<(typeof weekdays)[number], BilingualText>,

  TokenState: {
    ready: text('Sẵn sàng', 'Ready'),
    absent: text('Chưa kết nối', 'Not connected'),
    quarantined: text('Đang tạm khoá, chờ người quản trị', 'In quarantine until an operator clears it'),
    draining: text('Đang ngừng để bảo trì', 'Being taken out of use'),
    drained: text('Đã ngừng để bảo trì, có thể rút ra', 'Out of use, may be unplugged'),
    unknown: text('Chưa rõ tình trạng', 'Not known'),
  } satisfies Record<TokenState, BilingualText>,

  // `reason` of a quarantine that a signer began, and PIN_CHANGE; others are in the words of whoever asked for it.
  QuarantineReason: {
    PIN_INCORRECT: pinIncorrect,
    PIN_COUNT_LOW: text('Đã có lần nhập sai mã PIN', 'A wrong PIN was tried since the last right one'),
    PIN_FINAL_TRY: text('Chỉ còn một lần thử mã PIN', 'The PIN may be tried once more only'),
    PIN_LOCKED: text('Mã PIN đã bị thiết bị khoá', 'The token has locked its PIN'),
    PIN_CHANGE: text('Đang đổi mã PIN', 'The PIN is being changed'),
  } satisfies Record<string, BilingualText>,

  TokenLogin: {
    unattended: text('Tự động, mã PIN do máy chủ giữ', 'Unattended: the server holds the PIN'),
    activation: text('Người ký nhập mã PIN', 'The owner gives the PIN'),
  } satisfies Record<TokenInventory['login'], BilingualText>,

  TokenKeyType: {
    rsa: text('Khoá RSA', 'RSA key'),
    ec: text('Khoá đường cong elliptic', 'Elliptic-curve key'),
    other: text('Loại khoá khác', 'Another kind of key'),
  } satisfies Record<z.infer<typeof tokenKeyTypeSchema>, BilingualText>,

  ActivationState: {
    usable: text('Còn dùng được', 'Usable'),
    'used-up': text('Đã dùng hết số lần ký', 'Used up'),
    expired: text('Đã hết hạn', 'Expired'),
    'pin-incorrect': pinIncorrect,
    'seal-invalid': text('Mã PIN được mã hoá không đúng cách', 'The sealed PIN could not be used'),
    withdrawn: text('Đã huỷ', 'Withdrawn'),
  } satisfies Record<Activation['state'], BilingualText>,

  RevocationCheck: {
    require: text('Bắt buộc', 'Required'),
    warn: text('Cảnh báo khi không kiểm tra được', 'A warning where nothing can be had'),
    off: revocationStatuses['not-checked'],
  } satisfies Record<RevocationCheck, BilingualText>,

  TimestampPolicy: {
    required: text('Bắt buộc có ngay khi ký', 'Required when it is signed'),
    deferred: text('Được gắn sau khi máy chủ dấu thời gian hoạt động lại', 'Added later when no authority answers'),
  } satisfies Record<TimestampPolicy, BilingualText>,

  UncertainKeyUse: {
    repeat: text('Ký lại và ghi nhật ký', 'Signed again, and put down'),
    stop: text('Dừng lại, chờ người có trách nhiệm quyết định', 'Stopped, for a person to decide'),
  } satisfies Record<UncertainKeyUse, BilingualText>,

  Certification: {
    1: text('Không được thay đổi gì sau khi ký', 'No change at all'),
    2: text('Chỉ được điền biểu mẫu và ký', 'Fields are filled in and signed'),
    3: text('Được điền biểu mẫu, ký và thêm chú thích', 'Fields are filled in and signed, annotations are added'),
  } satisfies Record<Certification, BilingualText>,
} as const;
