import type { DigestAlgorithm, SignatureScheme } from '@kyso/cms';
import type { ActivationBounds, Lane } from '@kyso/contracts';

/** A PIN that only the token host can read, and what it must be bound to. */
export interface ActivatedLogin {
  readonly sealedPin: string;
  readonly bounds: ActivationBounds;
}

/** One digest to be signed with one key. */
export interface DigestRequest {
  /** Name of the token in the credential: all tokens that serve it may be used. */
  readonly token: string;
  /** CKA_ID of the private key, hexadecimal. */
  readonly keyId: string;
  readonly scheme: SignatureScheme;
  readonly digestAlgorithm: DigestAlgorithm;
  /** 32, 48 or 64 bytes, as `digestAlgorithm` says. */
  readonly digest: Uint8Array;
  /** An interactive request goes ahead of bulk ones that wait for the same token; default interactive. */
  readonly lane?: Lane;
  /** Never sent to a token again when the key may have been used: then `sign` throws `AnswerLost`. */
  readonly once?: boolean;
  /** For tokens whose PIN no file holds. */
  readonly activation?: ActivatedLogin | undefined;
}

/**
 * Port to the keys. It knows digests only: what a document or a CMS is stays with the caller, who also verifies every
 * signature with the certificate's public key before it is used.
 */
export interface DigestSigner {
  /**
   * The signature value as CMS carries it: RSA as the token gives it, ECDSA as the DER of Ecdsa-Sig-Value (RFC 3279, 2.2.3).
   * Throws SigningError TOKEN_UNAVAILABLE (may pass later), TOKEN_QUARANTINED, PIN_INCORRECT, ACTIVATION_REQUIRED, ACTIVATION_INVALID, KEY_NOT_FOUND,
   * CERTIFICATE_UNFIT (the key can't do this scheme); with `once`, the key was not used unless it is an `AnswerLost`.
   */
  sign(request: DigestRequest): Promise<Uint8Array>;
  /**
   * Replaces the sessions of the token that gave `wrong`, a signature that the public key doesn't verify. Where it is not known
   * which one that was, those of all that serve the name.
   */
  replaceSessions(token: string, wrong?: Uint8Array): Promise<void>;
}
