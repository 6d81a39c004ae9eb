import type { ErrorScope } from './token-host-messages.js';

/** A failed PKCS#11 call: the name of its CK_RV, and how far the damage goes. */
export class TokenFault extends Error {
  override readonly name = 'TokenFault';

  constructor(
    readonly code: string,
    readonly scope: ErrorScope,
    /** The key may have been used: C_Sign was called and did not refuse. */
    readonly mayHaveSigned = false,
  ) {
    super(code);
  }
}

/** Return values after which only a new C_Initialize, in a new process, is known to help (PKCS #11 v2.40, 5.1). */
const hostFaults = new Set([
  'CKR_CRYPTOKI_NOT_INITIALIZED',
  'CKR_DEVICE_ERROR',
  'CKR_DEVICE_MEMORY',
  'CKR_DEVICE_REMOVED',
  'CKR_HOST_MEMORY',
  'CKR_KEY_HANDLE_INVALID',
  'CKR_OBJECT_HANDLE_INVALID',
  'CKR_SESSION_CLOSED',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_SLOT_ID_INVALID',
  'CKR_TOKEN_NOT_PRESENT',
  'CKR_TOKEN_NOT_RECOGNIZED',
  'CKR_USER_NOT_LOGGED_IN',
]);

/** Return values that say that the key can't do what was asked; nothing is wrong with the token. */
const requestFaults = new Set([
  'CKR_DATA_LEN_RANGE',
  'CKR_KEY_FUNCTION_NOT_PERMITTED',
  'CKR_KEY_SIZE_RANGE',
  'CKR_KEY_TYPE_INCONSISTENT',
  'CKR_MECHANISM_INVALID',
  'CKR_MECHANISM_PARAM_INVALID',
]);

/**
 * Return values of C_Sign that say that it did nothing (PKCS #11 v2.40, 5.1). After any other one, such as CKR_DEVICE_ERROR, the
 * device may have signed.
 */
const refusals = new Set([
  ...requestFaults,
  'CKR_CRYPTOKI_NOT_INITIALIZED',
  'CKR_OPERATION_NOT_INITIALIZED',
  'CKR_SESSION_CLOSED',
  'CKR_SESSION_HANDLE_INVALID',
  'CKR_USER_NOT_LOGGED_IN',
]);

/** What C_Sign threw, with whether the key may have been used. */
export function toSignFault(error: unknown): TokenFault {
  const { code, scope } = toTokenFault(error);
  return new TokenFault(code, scope, !refusals.has(code));
}

/**
 * Puts what graphene and pkcs11js throw into one form. They throw `{ message: 'CKR_…', code, method }`, but a plain
 * `Error('CKR_…:48')` from C_FindObjects.
 */
export function toTokenFault(error: unknown): TokenFault {
  if (error instanceof TokenFault) return error;
  const message = error instanceof Error ? error.message : '';
  const code = /CKR_[A-Z0-9_]+/.exec(message)?.[0];
  if (code === undefined) return new TokenFault('MODULE_FAILED', 'host');
  return new TokenFault(code, hostFaults.has(code) ? 'host' : requestFaults.has(code) ? 'request' : 'session');
}
