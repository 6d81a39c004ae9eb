import {
  maxDelegations,
  newId,
  SigningError,
  type Actor,
  type ApiClientRecord,
  type CredentialRecord,
  type CredentialSettings,
  type Delegation,
  type DelegationRequest,
  type Enrolment,
  type Renewal,
  type Switching,
} from '@kyso/contracts';
import type { ChangeOrigin, CredentialBook } from './credential-book.js';
import type { CredentialRegistry } from './credential-registry.js';
import { assertRoles, chooseKey, type KeyParts } from './enrolment.js';
import { nameOf } from './named-by.js';

const dayMs = 86_400_000;
const maxDelegationMs = 366 * dayMs;

/** Who asks, in which request. */
export interface Administration {
  readonly caller: ApiClientRecord;
  readonly requestId: string;
}

/** What administrators do with credentials; every change is on record before it counts. */
export class CredentialOffice {
  constructor(
    private readonly parts: KeyParts & {
      readonly book: CredentialBook;
      readonly registry: Pick<CredentialRegistry, 'forget'>;
    },
  ) {}

  /** Throws CREDENTIAL_EXISTS, and what `check` throws. */
  async enrol(request: Enrolment, by: Administration): Promise<CredentialRecord> {
    return this.enrolChecked(await this.check(request), by, request.actor);
  }

  /** The record that an enrolment would make. Throws what `chooseKey` and `assertRoles` throw. */
  async check(request: Enrolment): Promise<CredentialRecord> {
    const { credentialId, kind, token, keyId, keyLabel, scheme, digestAlgorithm, certificatesPem, ...rest } = request;
    const { actor: _actor, ...settings } = rest;
    assertRoles(kind, settings.roles, settings.register);
    const key = await chooseKey(this.parts, { token, keyId, keyLabel, scheme, digestAlgorithm, certificatesPem });
    return { credentialId, kind, ...key, ...defined(settings), enabled: true };
  }

  /** Enrols what `check` gave. Throws CREDENTIAL_EXISTS, STORE_UNAVAILABLE. */
  async enrolChecked(
    record: CredentialRecord,
    by: Administration,
    actor: Actor | undefined,
  ): Promise<CredentialRecord> {
    return this.done(await this.parts.book.enrol(record, originOf(by, actor)));
  }

  /** Throws CREDENTIAL_UNKNOWN, CREDENTIAL_CHANGED, REQUEST_INVALID. */
  replaceSettings(credentialId: string, request: CredentialSettings, by: Administration): Promise<CredentialRecord> {
    const { expectedRevision, reason, actor, ...settings } = request;
    const apply = (record: CredentialRecord): CredentialRecord => {
      assertRoles(record.kind, settings.roles, settings.register);
      const {
        owner: _,
        organisation: _2,
        roles: _3,
        clients: _4,
        users: _5,
        hours: _6,
        register: _7,
        ...kept
      } = record;
      return { ...kept, ...defined(settings) };
    };
    return this.change(credentialId, { change: 'settings', apply, expectedRevision }, originOf(by, actor, reason));
  }

  /** Another key or certificate of the same owner. What was signed with the old one stays recognised. */
  async renew(credentialId: string, request: Renewal, by: Administration): Promise<CredentialRecord> {
    const { expectedRevision, reason, actor, ...choice } = request;
    const key = await chooseKey(this.parts, choice);
    const replacedAt = this.parts.now().toISOString();
    const apply = (record: CredentialRecord): CredentialRecord => {
      const { token, keyId, certificatesPem, former = [] } = record;
      return { ...record, ...key, former: [...former, { token, keyId, certificatesPem, replacedAt }] };
    };
    return this.change(credentialId, { change: 'renewed', apply, expectedRevision }, originOf(by, actor, reason));
  }

  /** Nothing happens to a credential that is switched so already. Throws CREDENTIAL_UNKNOWN. */
  switchTo(enabled: boolean, credentialId: string, request: Switching, by: Administration): Promise<CredentialRecord> {
    const apply = (record: CredentialRecord): CredentialRecord =>
      record.enabled === enabled ? record : { ...record, enabled };
    const change = enabled ? 'enabled' : 'disabled';
    return this.change(credentialId, { change, apply }, originOf(by, request.actor, request.reason));
  }

  /** Lends an organisation's key to an official for a time; the same once more gives the same. Throws CREDENTIAL_UNKNOWN, REQUEST_INVALID. */
  async delegate(credentialId: string, request: DelegationRequest, by: Administration): Promise<Delegation> {
    const origin = originOf(by, request.actor, request.reason);
    const now = this.parts.now();
    const delegation: Delegation = {
      delegationId: newId('dlg'),
      actor: request.delegate,
      ...(request.roles === undefined ? {} : { roles: request.roles }),
      from: request.from ?? now.toISOString(),
      until: request.until,
      reason: request.reason,
      grantedBy: origin.by,
      grantedAt: now.toISOString(),
    };
    const { delegationId } = delegation;
    assertTime(delegation, now);
    let granted = delegation;
    const apply = (record: CredentialRecord): CredentialRecord => {
      assertDelegable(record, delegation);
      const open = (record.delegations ?? []).filter((one) => !hasEnded(one, now));
      if (open.length >= maxDelegations) {
        throw new SigningError('REQUEST_INVALID', {
          expected: `fewer than ${maxDelegations} delegations`,
          found: `${open.length}`,
        });
      }
      // The call may be a repeat of one whose answer was lost.
      granted = open.find((one) => saysTheSame(one, request)) ?? delegation;
      if (granted !== delegation) return record;
      // What has ended is on record in the changes.
      return { ...record, delegations: [...open, delegation] };
    };
    await this.change(credentialId, { change: 'delegated', delegationId, apply }, origin);
    return granted;
  }

  /** Ends a delegation now; nothing happens to one that has ended. Throws CREDENTIAL_UNKNOWN, REQUEST_INVALID. */
  revokeDelegation(
    credentialId: string,
    { delegationId, actor }: { readonly delegationId: string; readonly actor: Actor | undefined },
    by: Administration,
  ): Promise<CredentialRecord> {
    const origin = originOf(by, actor);
    const now = this.parts.now();
    const apply = (record: CredentialRecord): CredentialRecord => {
      const { delegations = [] } = record;
      const found = delegations.find((one) => one.delegationId === delegationId);
      if (found === undefined)
        throw new SigningError('REQUEST_INVALID', { expected: 'a delegation of this credential', found: delegationId });
      if (hasEnded(found, now)) return record;
      const revoked = { ...found, revokedAt: now.toISOString(), revokedBy: origin.by };
      return { ...record, delegations: delegations.map((one) => (one === found ? revoked : one)) };
    };
    return this.change(credentialId, { change: 'delegation-revoked', delegationId, apply }, origin);
  }

  private async change(...args: Parameters<CredentialBook['change']>): Promise<CredentialRecord> {
    return this.done(await this.parts.book.change(...args));
  }

  /** This gateway knows it at once; the others, and the signers, after a few seconds. */
  private done(record: CredentialRecord): CredentialRecord {
    this.parts.registry.forget(record.credentialId);
    return record;
  }
}

function originOf({ caller, requestId }: Administration, actor: Actor | undefined, reason?: string): ChangeOrigin {
  return { by: nameOf(caller, actor), requestId, reason };
}

/** A person's key is under the sole control of that person (Luật Giao dịch điện tử 2023, điều 22); a seal may be lent. */
function assertDelegable(record: CredentialRecord, { roles }: Delegation): void {
  if (record.kind !== 'organisation') {
    throw new SigningError('REQUEST_INVALID', {
      expected: 'the credential of an organisation',
      found: 'one of a person',
    });
  }
  if (record.users === undefined) {
    throw new SigningError('REQUEST_INVALID', {
      expected: 'a credential with users: without them every official may use it already',
      found: 'none',
    });
  }
  const odd = roles?.find((role) => record.roles !== undefined && !record.roles.includes(role));
  if (odd !== undefined) {
    throw new SigningError('REQUEST_INVALID', { expected: `roles ${record.roles?.join(', ')}`, found: odd });
  }
}

function assertTime({ from, until }: Delegation, now: Date): void {
  const [start, end] = [Date.parse(from), Date.parse(until)];
  if (end > start && end > now.getTime() && end - start <= maxDelegationMs) return;
  throw new SigningError('REQUEST_INVALID', {
    expected: 'until after now and after from, by at most 366 days',
    found: `${from} to ${until}`,
  });
}

/** Without `from` it began when it was granted, at whichever of the two calls. */
function saysTheSame(delegation: Delegation, { delegate, roles, from, until, reason }: DelegationRequest): boolean {
  return (
    delegation.actor.id === delegate.id &&
    JSON.stringify(delegation.roles) === JSON.stringify(roles) &&
    (from ?? delegation.grantedAt) === delegation.from &&
    delegation.until === until &&
    delegation.reason === reason
  );
}

function hasEnded({ until, revokedAt }: Delegation, now: Date): boolean {
  return revokedAt !== undefined || now.getTime() >= Date.parse(until);
}

/** Without what is undefined, so that a record holds only what was set. */
function defined<T extends object>(settings: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
