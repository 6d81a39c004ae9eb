/** The sub-indications that reports give (ETSI EN 319 102-1, 5.1.3), with what they mean to who reads the report. */
export const subIndicationCatalogue = {
  FORMAT_FAILURE: text(
    'Định dạng không đúng hoặc nội dung đã bị thay đổi',
    'The format is wrong, or the content was changed',
  ),
  HASH_FAILURE: text('Giá trị băm không khớp', 'The digest does not match'),
  SIG_CRYPTO_FAILURE: text('Giá trị chữ ký số không đúng', 'The signature value is wrong'),
  REVOKED: text('Chứng thư chữ ký số đã bị thu hồi', 'The certificate was revoked'),
  NOT_YET_VALID: text('Chứng thư chữ ký số chưa có hiệu lực', 'The certificate was not valid yet'),
  SIG_CONSTRAINTS_FAILURE: text(
    'Thuộc tính của chữ ký số không đáp ứng yêu cầu',
    'The attributes of the signature do not meet the requirements',
  ),
  CHAIN_CONSTRAINTS_FAILURE: text(
    'Đường dẫn chứng thực không đáp ứng yêu cầu',
    'The certification path does not meet the requirements',
  ),
  CRYPTO_CONSTRAINTS_FAILURE: text(
    'Thuật toán hoặc độ dài khoá không được chấp nhận',
    'The algorithm or the key length is not accepted',
  ),
  TIMESTAMP_ORDER_FAILURE: text('Thứ tự các dấu thời gian mâu thuẫn', 'The time-stamps are not in order'),
  NO_SIGNING_CERTIFICATE_FOUND: text(
    'Không có chứng thư chữ ký số của người ký',
    'The certificate of the signer is missing',
  ),
  NO_CERTIFICATE_CHAIN_FOUND: text(
    'Không có đường dẫn tới tổ chức chứng thực tin cậy',
    'There is no path to a trust anchor',
  ),
  REVOKED_NO_POE: text(
    'Chứng thư chữ ký số đã bị thu hồi, chưa chứng minh được là ký trước đó',
    'The certificate was revoked; that the signature is older is not proven',
  ),
  REVOKED_CA_NO_POE: text(
    'Chứng thư của tổ chức chứng thực đã bị thu hồi',
    'The certificate of a certification authority was revoked',
  ),
  OUT_OF_BOUNDS_NO_POE: text(
    'Chứng thư chữ ký số đã hết hạn, chưa chứng minh được là ký trước đó',
    'The certificate has expired; that the signature is older is not proven',
  ),
  TRY_LATER: text('Chưa đủ thông tin, có thể kiểm tra lại sau', 'Information is missing; it may be there later'),
  SIGNED_DATA_NOT_FOUND: text('Không có dữ liệu được ký', 'There is no signed data'),
} as const;

/** A sub-indication, as ETSI writes it. */
export type SubIndication = keyof typeof subIndicationCatalogue;

function text(vi: string, en: string): { readonly vi: string; readonly en: string } {
  return { vi, en };
}
