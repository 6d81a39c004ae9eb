import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { checkCades } from '@kyso/cms';
import { verifyAudit } from '@kyso/service';
import type { ShimRecord } from '@kyso/sandbox';
import { signaturesIn } from '../judges/signatures-in.js';
import type { StoredDocument } from './documents-check.js';
import type { World } from './world.js';

/** How the uses of keys stand against what was released. */
export interface KeyUses {
  /** Signatures that the tokens made, as the tokens saw it. */
  readonly atToken: number;
  /** Those of them over bytes that were signed before: after a crash the same is signed again. */
  readonly repeated: number;
  /** Digests that were signed and never released: uses that a crash or a failure made useless. */
  readonly lost: number;
  /** Answered logins, and those of them that the token refused. */
  readonly logins: number;
  readonly refusedLogins: number;
}

interface AuditLine {
  readonly event: string;
  readonly jobId?: string;
  readonly step?: number;
  readonly signedDigest?: string;
  readonly signatureSha256?: string;
}

/** How far token and audit logs had come when a scenario began. */
export interface KeyUseMark {
  readonly records: number;
}

export async function markKeyUses(world: World): Promise<KeyUseMark> {
  return { records: (await world.shim.records()).length };
}

/**
 * Holds three witnesses against each other: the tokens (every signature that they made), the audit logs, and the signatures
 * in what was released. A use that no audit record came before, a released signature that the audit log doesn't know, and a
 * PIN that was refused twice are violations.
 */
export async function checkKeyUses(
  world: World,
  mark: KeyUseMark,
  { documents, complain }: { readonly documents: readonly StoredDocument[]; readonly complain: (what: string) => void },
): Promise<KeyUses> {
  const lines: AuditLine[] = [];
  for (const file of world.parts.auditFiles) {
    const verdict = await verifyAudit(file);
    if (!verdict.intact) complain(`${file} is not intact: ${JSON.stringify(verdict.problem)}`);
    lines.push(...parseLines(await readFile(file, 'utf8')));
  }
  const begun = new Set(
    lines.flatMap(({ event, signedDigest = '' }) => (event === 'key-use-begins' ? [signedDigest] : [])),
  );
  const ended = lines.filter(({ event }) => event === 'key-use-ended');

  const records = (await world.shim.records()).slice(mark.records);
  const digests = records.flatMap((record) => (record.call === 'sign' ? [record.digest] : []));
  for (const digest of digests) if (!begun.has(digest)) complain(`a token signed ${digest} without an audit record`);

  const released = new Set<string>();
  for (const { documentId, versions, releases } of documents) {
    for (const [index, { jobId, result }] of releases.entries()) {
      const signature = await signatureOf(versions[index + 1], versions[index]?.length ?? 0);
      const use = ended.find(
        (line) => line.signatureSha256 === signature && line.jobId === jobId && line.step === result.step,
      );
      if (use === undefined) complain(`the signature of version ${index + 1} of ${documentId} is not in the audit log`);
      else released.add(use.signedDigest ?? '');
    }
  }
  const distinct = new Set(digests);
  return {
    atToken: digests.length,
    repeated: digests.length - distinct.size,
    lost: [...distinct].filter((digest) => !released.has(digest)).length,
    ...checkLogins(records, complain),
  };
}

/** SHA-256 of the signature that came with the version; every version of a step brings one. */
async function signatureOf(pdf: Uint8Array | undefined, baseBytes: number): Promise<string | undefined> {
  if (pdf === undefined) return undefined;
  const found = signaturesIn(Buffer.from(pdf)).find(
    ({ byteRange, isDocumentTimestamp }) => byteRange[1] >= baseBytes && !isDocumentTimestamp,
  );
  if (found === undefined) return undefined;
  const { signatureValue } = await checkCades(found.cmsDer, () => Promise.resolve(new Uint8Array(32)));
  return createHash('sha256').update(signatureValue).digest('hex');
}

/** CKR_USER_ALREADY_LOGGED_IN is no try. */
const alreadyLoggedIn = 0x100;

function checkLogins(
  records: readonly ShimRecord[],
  complain: (what: string) => void,
): { logins: number; refusedLogins: number } {
  const refused = new Map<string, number>();
  let logins = 0;
  for (const record of records) {
    if (record.call !== 'login') continue;
    logins++;
    if (record.rv !== 0 && record.rv !== alreadyLoggedIn) refused.set(record.slot, (refused.get(record.slot) ?? 0) + 1);
  }
  for (const [slot, times] of refused) if (times > 1) complain(`a PIN was tried ${times} times at slot ${slot}`);
  return { logins, refusedLogins: [...refused.values()].reduce((sum, times) => sum + times, 0) };
}

/** A line that a crash tore is what verifyAudit judges. */
function parseLines(text: string): AuditLine[] {
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as AuditLine];
    } catch {
      return [];
    }
  });
}
