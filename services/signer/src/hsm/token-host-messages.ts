/**
 * Messages between the signer and a token host, by Node's IPC channel with structured clone (`serialization: 'advanced'`).
 * Requests and results travel in batches: one message costs about 40 µs, whatever it holds. No message has a PIN in it that this process
 * can read.
 */
import type { ActivationBounds, Lane } from '@kyso/contracts';

/** Which token, in which module. */
export interface TokenAddress {
  readonly modulePath: string;
  readonly label?: string;
  readonly serial?: string;
  readonly mode: 'usb' | 'hsm';
  readonly sessions: number;
}

/** Mechanisms that a token host offers; the input is what the mechanism takes, not always the bare digest. */
export type TokenMechanism =
  | { readonly kind: 'rsa-pkcs1' }
  | { readonly kind: 'rsa-pss'; readonly digestAlgorithm: 'sha256' | 'sha384' | 'sha512' }
  | { readonly kind: 'ecdsa' };

export interface TokenSignRequest {
  readonly id: number;
  readonly lane: Lane;
  /** CKA_ID, hexadecimal. */
  readonly keyId: string;
  readonly mechanism: TokenMechanism;
  /** DigestInfo for rsa-pkcs1, the digest for the others. */
  readonly input: Uint8Array;
}

/** How a token host must go on after an error: `session` was renewed already, `host` means that it must be replaced. */
export type ErrorScope = 'request' | 'session' | 'host';

export interface TokenError {
  /** `CKR_…` of PKCS#11, or a word of ours such as KEY_NOT_FOUND. */
  readonly code: string;
  readonly scope: ErrorScope;
  /** C_Sign was called and did not refuse. */
  readonly mayHaveSigned: boolean;
}

export type TokenSignResult =
  { readonly id: number; readonly signature: Uint8Array } | { readonly id: number; readonly error: TokenError };

/** Flags of CK_TOKEN_INFO that forbid another try of the PIN (PKCS #11 v2.40, 3.2). */
export type PinWarning = 'PIN_COUNT_LOW' | 'PIN_FINAL_TRY' | 'PIN_LOCKED';

/** An object of a token, as PKCS#11 shows it; numbers and points are the raw attribute values. */
export type TokenObject =
  | { readonly kind: 'certificate'; readonly keyId: string; readonly label: string; readonly der: Uint8Array }
  | { readonly kind: 'private-key'; readonly keyId: string; readonly label: string; readonly type: TokenKeyType }
  | {
      readonly kind: 'public-key';
      readonly keyId: string;
      readonly label: string;
      readonly type: TokenKeyType;
      readonly rsa?: { readonly modulus: Uint8Array; readonly publicExponent: Uint8Array };
      /** CKA_EC_PARAMS and CKA_EC_POINT. */
      readonly ec?: { readonly params: Uint8Array; readonly point: Uint8Array };
    };
export type TokenKeyType = 'rsa' | 'ec' | 'other';

/** What lies on a token, and what it calls itself (CK_TOKEN_INFO). */
export interface TokenContent {
  readonly label: string;
  readonly serial: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly objects: readonly TokenObject[];
}

/** The content, or the code of the fault that kept it from being read. */
export type ReadContent = TokenContent | { readonly unreadable: string };

export type ToTokenHost =
  /** `signTimeoutMs`: a session that signs for longer hangs. */
  | { readonly kind: 'open'; readonly address: TokenAddress; readonly signTimeoutMs: number }
  | { readonly kind: 'login'; readonly pinFile: string; readonly despiteCountLow: boolean }
  | { readonly kind: 'sign'; readonly requests: readonly TokenSignRequest[] }
  | { readonly kind: 'read-content' }
  | {
      readonly kind: 'sign-activated';
      readonly sealedPin: string;
      /** File with the private keys, a JWK Set. */
      readonly keysFile: string;
      readonly bounds: ActivationBounds;
      readonly despiteCountLow: boolean;
      readonly requests: readonly TokenSignRequest[];
    }
  | { readonly kind: 'stop' };

export type FromTokenHost =
  | { readonly kind: 'opened'; readonly pinWarning?: PinWarning }
  | { readonly kind: 'absent'; readonly code: string }
  | { readonly kind: 'logged-in' }
  | { readonly kind: 'login-refused'; readonly reason: PinWarning | 'PIN_INCORRECT' }
  | { readonly kind: 'login-failed'; readonly code: string }
  | { readonly kind: 'signed'; readonly results: readonly TokenSignResult[] }
  | { readonly kind: 'signed-activated'; readonly results: readonly TokenSignResult[] }
  | { readonly kind: 'activation-refused'; readonly code: string }
  | { readonly kind: 'content'; readonly content: ReadContent }
  | { readonly kind: 'failed'; readonly code: string };
