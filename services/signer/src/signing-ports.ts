import type { RevocationCheck, ScreeningOverrides, Stage, UncertainKeyUse } from '@kyso/contracts';
import type { Certificate } from '@kyso/cms';
import type { ObjectStore } from '@kyso/storage';
import type { CredentialSource } from './credentials/credential-source.js';
import type { ImageSource } from '@kyso/preparation';
import type { RevocationSource } from './evidence/revocation-source.js';
import type { DigestSigner } from './hsm/digest-signer.js';
import type { TimestampSource } from './timestamp/timestamp-source.js';
import type { TokenSizeMemory } from './timestamp/token-size-memory.js';
import type { SignatureMemory } from './release/signature-memory.js';

/** The time of this machine. */
export interface Clock {
  now(): Date;
}

/** Where facts about the use of a key go. A write resolves when the entry is durable. */
export interface AuditLog {
  write(entry: { readonly event: string; readonly jobId: string; readonly [fact: string]: unknown }): Promise<void>;
}

/** What this signer demands; from its configuration. */
export interface SigningPolicy {
  /** Anchors for signers' certificates. */
  readonly trustAnchors: readonly Certificate[];
  /** Anchors for time-stamping units: another trust domain. */
  readonly tsaTrustAnchors: readonly Certificate[];
  /**
   * For levels B-B and B-T, when neither OCSP nor CRL says anything of the signer's certificate: refuse, sign and state it,
   * or don't ask. A revoked certificate is always refused where it is asked; B-LT and B-LTA always need an answer.
   */
  readonly revocationCheck: RevocationCheck;
  /** What is done about findings in documents, where it differs from the default; a client's own goes before. */
  readonly screening: ScreeningOverrides;
  /** Objects of one document that are screened. */
  readonly screeningMaxObjects: number;
  /** Largest difference between this machine's clock and a time-stamp's genTime, in milliseconds. */
  readonly maxClockSkewMs: number;
  /** An intent that waited longer (for a token, a TSA) is made anew, so that /M stays near the time of signing. */
  readonly maxIntentAgeMs: number;
  /** What is done when the key may have been used for a signature that nobody has, and would give another one. */
  readonly uncertainKeyUse: UncertainKeyUse;
}

/** Everything that signing a document needs of the world. No port knows Nest or BullMQ. */
export interface SigningPorts {
  readonly store: ObjectStore;
  readonly signer: DigestSigner;
  readonly credentials: CredentialSource;
  readonly images: ImageSource;
  readonly timestamps: TimestampSource;
  readonly revocation: RevocationSource;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly policy: SigningPolicy;
  /** What is remembered between documents; it may be empty at any time. */
  readonly tokenSizes: TokenSizeMemory;
  readonly signatures: SignatureMemory;
  /** Told of every stage that was passed; it must not throw. */
  readonly progress: (jobId: string, step: number, stage: Stage) => void;
}
