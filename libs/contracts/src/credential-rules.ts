import { weekdays, type Actor, type CredentialRecord, type Delegation, type Hours, type Role } from './credential.js';
import { SigningError } from './signing-error.js';

/** Vietnam’s zone, UTC+07:00 since 1975, without summer time. */
const vietnamOffsetMs = 7 * 3_600_000;

/**
 * What a credential’s record says of any use of its key, whoever asks. The gateway asks when a job is accepted, the signer
 * again before the key is used. Throws SigningError CREDENTIAL_DISABLED, CREDENTIAL_FORBIDDEN (not for this role),
 * OUTSIDE_HOURS.
 */
export function assertCredentialRules(
  record: CredentialRecord,
  { role, now }: { readonly role: Role; readonly now: Date },
): void {
  const { credentialId, roles, hours } = record;
  if (!record.enabled) throw new SigningError('CREDENTIAL_DISABLED', { found: credentialId });
  if (roles !== undefined && !roles.includes(role)) {
    throw new SigningError('CREDENTIAL_FORBIDDEN', {
      expected: `role ${roles.join(' or ')}, which the key is for`,
      found: `${credentialId} as ${role}`,
    });
  }
  if (hours !== undefined && !hours.some((one) => isWithin(one, now))) {
    throw new SigningError('OUTSIDE_HOURS', {
      expected: hours.map(({ days, from, until }) => `${days.join(', ')} ${from}–${until}`).join('; '),
      found: describeVietnamTime(now),
    });
  }
}

/**
 * The delegation by which this official uses the key; undefined when the key is theirs to use without one.
 * Throws SigningError ACTOR_FORBIDDEN.
 */
export function assertEntrusted(
  record: CredentialRecord,
  { actor, role, now }: { readonly actor: Actor | undefined; readonly role: Role; readonly now: Date },
): Delegation | undefined {
  const { users, delegations = [], credentialId } = record;
  if (users === undefined) return undefined;
  if (actor === undefined) {
    throw new SigningError('ACTOR_FORBIDDEN', {
      expected: `actor: ${credentialId} is entrusted to certain officials`,
      found: 'a request without actor',
    });
  }
  if (users.includes(actor.id)) return undefined;
  const theirs = delegations.filter((delegation) => delegation.actor.id === actor.id);
  const running = theirs.find(
    (delegation) => isRunning(delegation, now) && (delegation.roles ?? [role]).includes(role),
  );
  if (running !== undefined) return running;
  throw new SigningError('ACTOR_FORBIDDEN', {
    expected: `an official to whom ${credentialId} is entrusted, or delegated now as ${role}`,
    found: `${actor.id}, ${theirs.length === 0 ? 'no delegation' : 'no delegation that counts now'}`,
  });
}

/** True while the delegation counts. */
export function isRunning(delegation: Delegation, now: Date): boolean {
  const { from, until, revokedAt } = delegation;
  if (revokedAt !== undefined && now >= new Date(revokedAt)) return false;
  return now >= new Date(from) && now < new Date(until);
}

function isWithin({ days, from, until }: Hours, now: Date): boolean {
  const local = new Date(now.getTime() + vietnamOffsetMs);
  const time = local.toISOString().slice(11, 16);
  const day = weekdays[local.getUTCDay()];
  return day !== undefined && days.includes(day) && time >= from && time < until;
}

function describeVietnamTime(now: Date): string {
  const local = new Date(now.getTime() + vietnamOffsetMs);
  return `${weekdays[local.getUTCDay()]} ${local.toISOString().slice(0, 16).replace('T', ' ')} +07:00`;
}
