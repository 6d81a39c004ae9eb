import { isStepRelease, objectKeys, SigningError, type Role } from '@kyso/contracts';
import { openObjectSource, readRelease } from '@kyso/storage';
import type { SignatureReport } from '@kyso/validation';
import { describeReport, isAcceptable, lacksOnlyRevocation } from './acceptable-signature.js';
import { reportSignatures } from './earlier-signatures.js';
import type { Holder, ScreenedWork, ScreeningPorts } from './ports.js';

type Ports = ScreeningPorts;

/**
 * The order of signers (Nghị định 30/2020/NĐ-CP, annex I): the organisation issues what somebody else, a person who may
 * approve, has validly signed, once; nobody approves what it has issued; an annex follows the document that it belongs to.
 * Copies, stamps of incoming documents and scans need no approval: they say so on the page, without the seal's image.
 * Throws SigningError APPROVAL_MISSING, ALREADY_ISSUED, CREDENTIAL_FORBIDDEN, REVOCATION_UNAVAILABLE, VERSION_UNKNOWN.
 */
export async function assertOrder(
  ports: Ports,
  work: ScreenedWork,
  reports: readonly SignatureReport[],
): Promise<void> {
  const { role } = work.step;
  const { kind } = work.signer.record;
  if (role === 'leader' && kind === 'organisation') throw unfit('a person’s credential', work);
  if ((role === 'copy' || role === 'attachment' || role === 'incoming') && kind === 'person') {
    throw unfit('an organisation’s credential', work);
  }
  switch (role) {
    case 'leader': {
      const seal = (await sealsIn(ports, work, reports)).at(0);
      if (seal !== undefined) throw alreadyIssued(seal.report);
      return;
    }
    case 'clerk': {
      await assertApproved(ports, work, reports);
      const { credentialId } = work.signer.record;
      const seal = (await sealsIn(ports, work, reports)).find(({ holder }) => holder.credentialId === credentialId);
      if (seal !== undefined) throw alreadyIssued(seal.report);
      return;
    }
    case 'attachment':
      return assertBelongsToIssued(ports, work, reports);
    default:
      return undefined;
  }
}

async function assertApproved(ports: Ports, work: ScreenedWork, reports: readonly SignatureReport[]): Promise<void> {
  const holders = reports.length === 0 ? undefined : await ports.credentials.holders();
  const approvals = reports.filter((report) => {
    const sha256 = report.kind === 'signature' ? report.signer?.sha256 : undefined;
    const holder = sha256 === undefined ? undefined : holders?.get(sha256);
    return (
      holder?.kind === 'person' &&
      (holder.roles?.includes('leader') ?? true) &&
      sha256 !== work.signer.certificate.sha256
    );
  });
  if (isAnyAcceptable(ports, approvals)) return;
  throw new SigningError('APPROVAL_MISSING', {
    expected: 'a valid signature of a person whose credential is stored here and may approve',
    found: reports.length === 0 ? 'no signature' : reports.map(describeReport).slice(0, 4).join('; '),
  });
}

/** Throws REVOCATION_UNAVAILABLE where one would be acceptable if the status of its certificates were known: it may be soon. */
function isAnyAcceptable({ policy }: Pick<Ports, 'policy'>, reports: readonly SignatureReport[]): boolean {
  if (reports.some((report) => isAcceptable(report, policy))) return true;
  const open = reports.find(lacksOnlyRevocation);
  if (open === undefined) return false;
  throw new SigningError('REVOCATION_UNAVAILABLE', {
    expected: 'the revocation status of the certificates of the signature that this one relies on',
    found: describeReport(open),
  });
}

/** The annex itself where it was approved and is sealed with it; else the document that it belongs to, as it is now. */
async function assertBelongsToIssued(
  ports: Ports,
  work: ScreenedWork,
  reports: readonly SignatureReport[],
): Promise<void> {
  const { attachmentOf: documentId } = work.step;
  if (documentId === undefined) return assertApproved(ports, work, reports);
  const version = await newestVersion(ports, documentId);
  const key = objectKeys.version(documentId, version);
  const source = await openObjectSource(ports.store, key);
  if (source === undefined) throw new SigningError('VERSION_UNKNOWN', { expected: key, found: 'nothing' });
  try {
    const main = { ...work, job: { ...work.job, documentId }, baseVersion: version };
    const mainReports = await reportSignatures(ports, work, source);
    await assertApproved(ports, main, mainReports);
    const { credentialId } = work.signer.record;
    const seals = await sealsIn(ports, main, mainReports);
    const issued = seals.filter(({ holder }) => holder.credentialId === credentialId).map(({ report }) => report);
    if (isAnyAcceptable(ports, issued)) return;
    throw new SigningError('APPROVAL_MISSING', {
      expected: `${documentId} issued with ${credentialId}`,
      found: mainReports.map(describeReport).slice(0, 4).join('; '),
    });
  } finally {
    await source.close();
  }
}

async function newestVersion({ store }: Pick<Ports, 'store'>, documentId: string): Promise<number> {
  let version = 0;
  while ((await readRelease(store, documentId, version + 1)) !== undefined) version += 1;
  return version;
}

interface Seal {
  readonly report: SignatureReport;
  readonly holder: Holder;
}

/**
 * Signatures by which an organisation whose credential is stored here has issued the document. What a signature was for stands
 * in what released it; of one that came with the file it is not known, and it counts.
 */
async function sealsIn(ports: Ports, work: ScreenedWork, reports: readonly SignatureReport[]): Promise<Seal[]> {
  if (reports.length === 0) return [];
  const holders = await ports.credentials.holders();
  const candidates = reports.flatMap((report) => {
    const holder = report.kind === 'signature' && report.signer && holders.get(report.signer.sha256);
    return holder !== undefined && holder !== false && holder.kind === 'organisation' ? [{ report, holder }] : [];
  });
  if (candidates.length === 0) return [];
  const roles = await rolesByField(ports, work);
  return candidates.filter(({ report }) => (roles.get(report.field) ?? 'clerk') === 'clerk');
}

async function rolesByField(
  { store }: Pick<Ports, 'store'>,
  { job, baseVersion }: ScreenedWork,
): Promise<ReadonlyMap<string, Role>> {
  const roles = new Map<string, Role>();
  for (let version = 1; version <= baseVersion; version += 1) {
    const release = await readRelease(store, job.documentId, version);
    if (release !== undefined && isStepRelease(release)) roles.set(release.result.fieldName, release.result.role);
  }
  return roles;
}

function alreadyIssued(report: SignatureReport): SigningError {
  return new SigningError('ALREADY_ISSUED', {
    expected: 'a document that the organisation has not issued yet',
    found: describeReport(report),
  });
}

function unfit(expected: string, { step, signer }: ScreenedWork): SigningError {
  return new SigningError('CREDENTIAL_FORBIDDEN', {
    expected: `${expected} for role ${step.role}`,
    found: `${signer.record.credentialId}, of an ${signer.record.kind}`.replace('an person', 'a person'),
  });
}
