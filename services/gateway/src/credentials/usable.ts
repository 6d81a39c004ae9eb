import {
  assertCredentialRules,
  assertEntrusted,
  holdingCodes,
  SigningError,
  warning,
  type Actor,
  type ApiClientRecord,
  type Delegation,
  type Role,
  type Warning,
} from '@kyso/contracts';
import type { KnownCredential } from './credential-registry.js';
import { rolesOf } from './roles-of.js';

const dayMs = 86_400_000;

/** Who wants to use a credential, for what, and when. */
export interface IntendedUse {
  readonly client: ApiClientRecord;
  readonly role: Role;
  readonly actor?: Actor | undefined;
  readonly now: Date;
  /** True for an item of a batch: the signer holds it where the credential may not be used now, but may be later. */
  readonly mayWait?: boolean;
}

/**
 * Refuses a use of a credential that may not be, so that an official learns of it at once; the signer asks again what doesn’t
 * depend on the caller. Gives the delegation by which the actor uses it, which belongs into the job’s record.
 * Throws CREDENTIAL_FORBIDDEN, CREDENTIAL_DISABLED, OUTSIDE_HOURS, ACTOR_FORBIDDEN, CERTIFICATE_EXPIRED,
 * CERTIFICATE_NOT_YET_VALID, CERTIFICATE_UNFIT. Revocation and the chain are the signer’s to check.
 */
export function assertUsable(known: KnownCredential, use: IntendedUse): { readonly delegation?: Delegation } {
  const { record } = known;
  const { client, role } = use;
  const allowed = rolesOf(known, client);
  // The client’s right first: who has none learns nothing else of the credential.
  if (!allowed.includes(role)) {
    throw new SigningError('CREDENTIAL_FORBIDDEN', {
      expected: allowed.length === 0 ? 'a credential of this client' : `role ${allowed.join(' or ')}`,
      found: `${record.credentialId} as ${role}`,
    });
  }
  try {
    assertCredentialRules(record, use);
  } catch (error) {
    const isWaitedFor = use.mayWait === true && error instanceof SigningError && holdingCodes.has(error.code);
    if (!isWaitedFor) throw error;
  }
  const delegation = assertEntrusted(record, { actor: use.actor, role, now: use.now });
  assertCertificate(known, use.now);
  return delegation === undefined ? {} : { delegation };
}

/**
 * What is worth knowing of a credential before and after it is used: CERTIFICATE_EXPIRES_SOON from `withinDays` days before
 * the certificate’s end on.
 */
export function credentialWarnings({ certificate }: KnownCredential, now: Date, withinDays: number): Warning[] {
  const daysLeft = daysUntil(certificate.notAfter, now);
  if (daysLeft < 0 || daysLeft > withinDays) return [];
  const found = `${certificate.notAfter.toISOString()}, in ${Math.floor(daysLeft)} days`;
  return [warning('CERTIFICATE_EXPIRES_SOON', { expected: `more than ${withinDays} days`, found })];
}

/** Days from `now` to `then`, with fractions; negative when it has passed. */
export function daysUntil(then: Date, now: Date): number {
  return (then.getTime() - now.getTime()) / dayMs;
}

/** Dates and key usage (RFC 5280, 4.1.2.5 and 4.2.1.3). */
function assertCertificate({ certificate }: KnownCredential, now: Date): void {
  const { notBefore, notAfter, keyUsage } = certificate;
  if (now < notBefore) {
    throw new SigningError('CERTIFICATE_NOT_YET_VALID', {
      expected: `a time from ${notBefore.toISOString()}`,
      found: now.toISOString(),
    });
  }
  if (now > notAfter) {
    throw new SigningError('CERTIFICATE_EXPIRED', {
      expected: `a time until ${notAfter.toISOString()}`,
      found: now.toISOString(),
    });
  }
  if (keyUsage !== undefined && !keyUsage.has('digitalSignature') && !keyUsage.has('nonRepudiation')) {
    throw new SigningError('CERTIFICATE_UNFIT', {
      expected: 'key usage digitalSignature or nonRepudiation',
      found: [...keyUsage].join(', '),
    });
  }
}
