import { SigningError } from '@kyso/contracts';

/** The token can't be used now; `reason` is a `CKR_…` or one of our words, never anything secret. */
export function unavailable(token: string, reason: string): SigningError {
  return new SigningError('TOKEN_UNAVAILABLE', { expected: `token ${token} ready`, found: reason });
}

/** As `unavailable`, when the key may have been used: the request was with the token, and nobody knows what became of it. */
export class AnswerLost extends SigningError {
  constructor(token: string, reason: string) {
    super('TOKEN_UNAVAILABLE', { expected: `an answer of token ${token}`, found: reason });
  }
}

/** A request came back from the host of one token without an answer; another host, or the next one of this token, may do it. */
export class HostFailure extends Error {
  override readonly name = 'HostFailure';

  constructor(
    readonly token: string,
    readonly code: string,
    /** It was with the token, which may have signed. */
    readonly mayHaveSigned: boolean,
  ) {
    super(`token ${token}: ${code}`);
  }

  toSigningError(): SigningError {
    return this.mayHaveSigned ? new AnswerLost(this.token, this.code) : unavailable(this.token, this.code);
  }
}

/** The token is in quarantine: for a wrong PIN that was tried, or because its flags forbid a try, or by an operator. */
export function quarantineError(token: string, reason: string): SigningError {
  return new SigningError(reason === 'PIN_INCORRECT' ? 'PIN_INCORRECT' : 'TOKEN_QUARANTINED', {
    expected: `token ${token} out of quarantine`,
    found: reason,
  });
}

/** The PIN of this very request was refused; the token went into quarantine for it. */
export class PinRefused extends SigningError {
  constructor(token: string, reason: string) {
    super(reason === 'PIN_INCORRECT' ? 'PIN_INCORRECT' : 'TOKEN_QUARANTINED', {
      expected: `the PIN of token ${token}`,
      found: reason,
    });
  }
}

/** A request that the token refused although it is well. */
export function toSigningError(code: string, token: string): SigningError {
  if (code === 'KEY_NOT_FOUND') {
    return new SigningError('KEY_NOT_FOUND', { expected: `the credential's key on token ${token}`, found: 'none' });
  }
  if (code === 'KEY_AMBIGUOUS') {
    return new SigningError('KEY_NOT_FOUND', { expected: `one key of that id on token ${token}`, found: 'several' });
  }
  if (code === 'KEY_WANTS_PIN_EACH_TIME') {
    return new SigningError('ACTIVATION_REQUIRED', {
      expected: `token ${token} without pinFile: its key wants the PIN for each signature`,
      found: 'a login by file',
    });
  }
  return new SigningError('CERTIFICATE_UNFIT', { expected: 'a key that can do the scheme', found: code });
}
