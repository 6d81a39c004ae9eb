import { readFile } from 'node:fs/promises';
import {
  levelSchema,
  policiesFileSchema,
  SigningError,
  type ApiClientRecord,
  type CredentialRecord,
  type Level,
  type PolicyList,
  type SigningPolicyRecord,
} from '@kyso/contracts';
import { z } from 'zod';

/** The named signing policies of the configuration, in its order. */
export class Policies {
  constructor(private readonly policies: readonly SigningPolicyRecord[]) {}

  /** Those that this client may name; the first one holds where it names none. */
  list(client: ApiClientRecord): PolicyList {
    const policies = this.allowed(client);
    const [first] = policies;
    return { policies, ...(first === undefined ? {} : { default: first.name }) };
  }

  /** The policy of a request; undefined where none is configured. Throws POLICY_UNKNOWN. */
  choose(client: ApiClientRecord, name: string | undefined): SigningPolicyRecord | undefined {
    const allowed = this.allowed(client);
    if (name === undefined) {
      if (allowed.length > 0 || client.policies === undefined) return allowed[0];
      // The client is held to policies that are not configured here: signing without any would be what they forbid.
      throw new SigningError('POLICY_UNKNOWN', { expected: client.policies.join(', '), found: 'none of them' });
    }
    const found = allowed.find((policy) => policy.name === name);
    if (found !== undefined) return found;
    throw new SigningError('POLICY_UNKNOWN', {
      expected: allowed.length === 0 ? 'no policy' : allowed.map((policy) => policy.name).join(', '),
      found: name,
    });
  }

  /** Throws POLICY_UNKNOWN unless a policy of that name is configured, whoever may name it. */
  assertKnown(name: string): void {
    const names = this.policies.map((policy) => policy.name);
    if (names.includes(name)) return;
    throw new SigningError('POLICY_UNKNOWN', {
      expected: names.length === 0 ? 'no policy' : names.join(', '),
      found: name,
    });
  }

  private allowed({ policies: names }: ApiClientRecord): SigningPolicyRecord[] {
    if (names === undefined) return [...this.policies];
    return names.flatMap((name) => this.policies.find((policy) => policy.name === name) ?? []);
  }
}

/** The level of a step: its own, or the policy's. Throws POLICY_VIOLATED for a lower one, REQUEST_INVALID for none. */
export function levelUnder(policy: SigningPolicyRecord | undefined, asked: Level | undefined): Level {
  const least = policy?.level;
  const level = asked ?? least;
  if (level === undefined) {
    throw new SigningError('REQUEST_INVALID', { expected: 'a level, since no policy has one', found: 'none' });
  }
  const order: readonly Level[] = levelSchema.options;
  if (least !== undefined && order.indexOf(level) < order.indexOf(least)) {
    throw new SigningError('POLICY_VIOLATED', { expected: `${least} or more (policy ${policy?.name})`, found: level });
  }
  return level;
}

/** Throws POLICY_VIOLATED when the credential signs in a way that the policy doesn't have. */
export function assertAlgorithms(
  policy: SigningPolicyRecord | undefined,
  { credentialId, scheme, digestAlgorithm }: CredentialRecord,
): void {
  const { schemes, digestAlgorithms } = policy ?? {};
  if ((schemes?.includes(scheme) ?? true) && (digestAlgorithms?.includes(digestAlgorithm) ?? true)) return;
  throw new SigningError('POLICY_VIOLATED', {
    expected: [...(schemes ?? []), ...(digestAlgorithms ?? [])].join(', '),
    found: `${scheme} with ${digestAlgorithm}, as ${credentialId} signs`,
  });
}

/** Reads KYSO_POLICIES_FILE. Throws an Error that lists every problem. */
export async function readPolicies(path: string | undefined): Promise<SigningPolicyRecord[]> {
  if (path === undefined) return [];
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`KYSO_POLICIES_FILE: expected JSON in ${path}, found ${(error as Error).message}`, {
      cause: error,
    });
  }
  const parsed = policiesFileSchema.safeParse(json);
  if (!parsed.success) throw new Error(`KYSO_POLICIES_FILE ${path}:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
