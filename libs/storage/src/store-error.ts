import { SigningError } from '@kyso/contracts';

/** Codes of a full disk (POSIX), a full quota, and what S3 servers call the same. */
const fullCodes = new Set([
  'ENOSPC',
  'EDQUOT',
  'XMinioStorageFull',
  'StorageFull',
  'InsufficientStorage',
  'QuotaExceeded',
  'XMinioAdminBucketQuotaExceeded',
]);

/** STORE_FULL or STORE_UNAVAILABLE for what the disk or the S3 server said; a SigningError passes as it is. */
export function asStoreError(error: unknown, doing: string): SigningError {
  if (error instanceof SigningError) return error;
  const code = errorCode(error);
  return new SigningError(fullCodes.has(code) ? 'STORE_FULL' : 'STORE_UNAVAILABLE', {
    expected: `to ${doing}`,
    found: code,
    cause: error,
  });
}

/** The code of a Node or S3 error, or its message's beginning. */
export function errorCode(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  if (typeof code === 'string' && code !== '') return code;
  return typeof message === 'string' ? message.slice(0, 120) : 'an unknown error';
}
