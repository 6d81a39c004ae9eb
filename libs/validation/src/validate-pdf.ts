import { PdfDocument, type ByteSource, type PdfSignature } from '@kyso/pdf';
import { ByteRangeDigests } from './byte-range-digests.js';
import type { TrustContext } from './certificate-judgement.js';
import { EvidenceStore, readSecurityStore } from './evidence-store.js';
import { planExamination, type Subject } from './examine.js';
import { defaultValidationLimits, type ValidationLimits, type ValidationOptions } from './options.js';
import { noteOf, type Finding } from './reasons.js';
import type { SignatureReport, ValidationReport } from './report.js';
import { reportDocumentTimestamp, reportOfFailure, reportSignature } from './signature-report.js';
import type { ArchiveTime } from './signing-time.js';
import { concludeDocument } from './verdict.js';
import { DeadlineExceeded, WatchedSource } from './watched-source.js';

/**
 * Validates every signature and document time-stamp of a PDF per ETSI EN 319 102-1, with PAdES levels per ETSI EN 319 142-1
 * and what Thông tư 15/2025/TT-BKHCN asks to be shown. The bytes are read once for all signatures, and never kept.
 *
 * Throws PdfError for what is not a PDF that can be read, and what `source` throws; everything else is in the report.
 */
export async function validatePdf(source: ByteSource, options: ValidationOptions): Promise<ValidationReport> {
  const limits = { ...defaultValidationLimits, ...options.limits };
  const watched = new WatchedSource(source, limits.deadlineMs);
  const document = await PdfDocument.open(watched, {
    limits: { maxSignatures: limits.maxSignatures },
    repair: 'refuse',
  });
  const signatures = (await document.signatures()).toSorted((a, b) => a.revision - b.revision);
  const digests = new ByteRangeDigests(watched, source);
  const fileDigest = options.fileDigest ? planFileDigest(watched, digests) : undefined;
  const examined = await examineAll({ document, watched, digests }, signatures);
  const { context, warnings } = await gatherTrust(document, options, { limits, signed: signatures.length > 0 });
  const reports = await judgeAll({ document, watched }, examined, context);
  if (!reports.some(({ kind }) => kind === 'signature')) warnings.push({ code: 'NO_SIGNATURE' });
  const sha256 = await fileDigest?.(warnings);
  return {
    verdict: concludeDocument(reports),
    validatedAt: options.now.toISOString(),
    sizeBytes: source.size,
    ...(sha256 === undefined ? {} : { sha256 }),
    signatures: reports,
    warnings: warnings.map(noteOf),
  };
}

/** Takes part in the pass of the signatures; undefined with a warning when the deadline came first. */
function planFileDigest(watched: WatchedSource, digests: ByteRangeDigests) {
  const { size } = watched;
  const key = digests.add({ gapStart: size, gapEnd: size, end: size });
  return async (warnings: Finding[]): Promise<string | undefined> => {
    try {
      return Buffer.from(await digests.digest(key, 'sha256')).toString('hex');
    } catch (error) {
      if (!(error instanceof DeadlineExceeded)) throw error;
      warnings.push({ code: 'DEADLINE_EXCEEDED' });
      return undefined;
    }
  };
}

interface OpenFile {
  readonly document: PdfDocument;
  readonly watched: WatchedSource;
}
/** Or the finding that ended its examination. */
type Examined = { signature: PdfSignature; subject?: Subject; failure?: Finding | undefined };

/** Coverage and cryptography of all, in the order of their revisions. */
async function examineAll(
  { document, watched, digests }: OpenFile & { digests: ByteRangeDigests },
  signatures: readonly PdfSignature[],
): Promise<Examined[]> {
  const plans: { signature: PdfSignature; examine?: () => Promise<Subject>; failure?: Finding }[] = [];
  for (const signature of signatures) {
    const plan = () => planExamination(document, signature, { digests, source: watched });
    plans.push({ signature, ...(await guard(watched, async () => ({ examine: await plan() }))) });
  }
  const examined: Examined[] = [];
  for (const { signature, examine, failure } of plans) {
    const outcome = examine ? await guard(watched, async () => ({ subject: await examine() })) : { failure };
    examined.push({ signature, ...outcome });
  }
  return examined;
}

/** The DSS is read only where there is something that it could prove. */
async function gatherTrust(
  document: PdfDocument,
  options: ValidationOptions,
  { limits, signed }: { limits: ValidationLimits; signed: boolean },
): Promise<{ context: TrustContext; warnings: Finding[] }> {
  const { store: items, warnings } = signed
    ? await readSecurityStore(document, limits)
    : { store: { certificates: [], ocspResponses: [], crls: [] }, warnings: [] };
  const store = new EvidenceStore(items, options.revocation);
  const context: TrustContext = {
    store,
    intermediates: [...store.certificates, ...(options.intermediates ?? [])],
    trustAnchors: options.trustAnchors,
    tsaTrustAnchors: options.tsaTrustAnchors ?? options.trustAnchors,
    now: options.now,
  };
  return { context, warnings };
}

/**
 * From the newest to the oldest, since each document time-stamp proves what lies below it (ETSI EN 319 102-1, 5.6.3.4).
 */
async function judgeAll(
  { document, watched }: OpenFile,
  examined: readonly Examined[],
  context: TrustContext,
): Promise<SignatureReport[]> {
  const reports: SignatureReport[] = [];
  const archive: ArchiveTime[] = [];
  for (const { signature, subject, failure } of examined.toReversed()) {
    const later = archive.filter(({ revision }) => revision > signature.revision);
    const outcome = subject
      ? await guard(watched, () => judge(subject, { document, context: { ...context, later } }))
      : { failure };
    if ('stamp' in outcome && outcome.stamp) archive.push(outcome.stamp);
    reports.push(
      'report' in outcome
        ? outcome.report
        : reportOfFailure(signature, outcome.failure ? [outcome.failure] : [], subject?.coverage.coverage ?? 'partial'),
    );
  }
  return reports.reverse();
}

async function judge(
  subject: Subject,
  { document, context }: { document: PdfDocument; context: TrustContext & { later: readonly ArchiveTime[] } },
): Promise<{ report: SignatureReport; stamp?: ArchiveTime }> {
  if (subject.signature.kind === 'signature') return { report: await reportSignature(subject, context) };
  const { report, stamp } = await reportDocumentTimestamp(subject, context);
  if (!stamp?.trusted || !stamp.info) return { report };
  const { revision, revisionEnd } = subject.signature;
  const { genTime } = stamp.info;
  const { proven } = stamp;
  await context.store.archive(document, { revisionEnd, genTime, proven });
  return { report, stamp: { genTime, revision, proven } };
}

/**
 * Runs one signature's part: hostile input there ends that part and not the others. A source that fails is not the
 * signature's fault and ends everything.
 */
async function guard<T extends object>(
  watched: WatchedSource,
  part: () => Promise<T>,
): Promise<T | { failure: Finding }> {
  try {
    if (watched.late) return { failure: { code: 'DEADLINE_EXCEEDED' } };
    return await part();
  } catch (error) {
    watched.rethrowFailure();
    if (error instanceof DeadlineExceeded) return { failure: { code: 'DEADLINE_EXCEEDED' } };
    const detail = error instanceof Error ? error.message : String(error);
    return { failure: { code: 'FORMAT_FAILURE', detail } };
  }
}
