import {
  SigningError,
  isStepRelease,
  levelSchema,
  objectKeys,
  type Level,
  type StoredJob,
  type TimestampRelease,
} from '@kyso/contracts';
import { PdfDocument, bufferSource, concatSource, type ByteSource } from '@kyso/pdf';
import { reportOf } from '@kyso/preparation';
import {
  createJson,
  keepTimestamped,
  openObjectSource,
  readJob,
  readOutcome,
  readReleases,
  takeTurn,
} from '@kyso/storage';
import { validatePdf, type ValidationReport } from '@kyso/validation';
import { extendToLevel } from '../evidence/extend-to-level.js';
import { pdfFailure } from '../pdf-failure.js';
import { appendVersion } from '../release/release-version.js';
import { assertUnharmed } from '../screening/self-check.js';
import type { SigningPorts } from '../signing-ports.js';
import { stampDocument } from '../timestamp/stamp-document.js';
import { outlookFor, waitingSignatures, type Outlook, type WaitingSignature } from './waiting-signatures.js';

type Ports = Pick<SigningPorts, 'store' | 'clock' | 'policy' | 'timestamps' | 'revocation' | 'tokenSizes'>;

/** What became of a document that waits for its time-stamp. */
export type AddedTimestamp =
  | { readonly kind: 'added'; readonly version: number; readonly failure?: TimestampRelease['timestamped']['failure'] }
  | { readonly kind: 'nothing'; readonly reason: string }
  /** Somebody is making a version of the document, or what is needed can't be had now. */
  | { readonly kind: 'waits'; readonly error: SigningError };

const levels: readonly string[] = levelSchema.options;

/** The document, and the version that the time-stamp would make. */
interface Wanted {
  readonly job: StoredJob;
  readonly documentId: string;
  readonly version: number;
  readonly waiting: readonly WaitingSignature[];
}

/**
 * Adds the document time-stamp that signatures of a job were released without, and what else their levels want, as a version
 * of its own: also over what was signed since, and never between the steps of a job. It may be stopped at any point and run
 * again, by several signers as well: at most one version is made.
 */
export async function addTimestamp(ports: Ports, jobId: string): Promise<AddedTimestamp> {
  try {
    return await pdfFailure(() => addOrAdopt(ports, jobId));
  } catch (error) {
    const known = error instanceof SigningError ? error : new SigningError('INTERNAL', { cause: error });
    return { kind: 'waits', error: known };
  }
}

async function addOrAdopt(ports: Ports, jobId: string): Promise<AddedTimestamp> {
  const { store } = ports;
  const job = await readJob(store, jobId);
  if (job === undefined) return { kind: 'nothing', reason: 'no such job' };
  const { documentId } = job;
  const releases = await readReleases(store, documentId);
  const waiting = waitingSignatures(releases);
  if (waiting.length === 0) {
    // Whoever added it may have died before this, or have done it for another job.
    await keepTimestamped(store, job, releases);
    await store.delete(objectKeys.openTimestamp(job));
    return { kind: 'nothing', reason: 'it has its time-stamp' };
  }
  const last = releases.at(-1);
  if (last !== undefined && isStepRelease(last) && (await isOpen(ports, last.jobId))) throw busy(last.jobId);
  const wanted: Wanted = { job, documentId, version: releases.length + 1, waiting };
  const exists = (await store.stat(objectKeys.version(documentId, wanted.version))) !== undefined;
  const timestamped = exists ? await adopt(ports, wanted) : await add(ports, wanted);
  const release: TimestampRelease = { createdAt: ports.clock.now().toISOString(), timestamped };
  await createJson(store, objectKeys.release(documentId, wanted.version), release);
  // Read again: another signer may have created the record, and the event is told by its time.
  if (job.webhooks === true) await keepTimestamped(store, job, await readReleases(store, documentId));
  await store.delete(objectKeys.openTimestamp(job));
  const { version, failure } = timestamped;
  return { kind: 'added', version, ...(failure === undefined ? {} : { failure }) };
}

async function isOpen({ store }: Ports, jobId: string): Promise<boolean> {
  const job = await readJob(store, jobId);
  return job !== undefined && (await readOutcome(store, job)) === undefined;
}

function busy(holder: string): SigningError {
  return new SigningError('DOCUMENT_BUSY', { expected: 'a document that nobody is signing', found: holder });
}

async function add(ports: Ports, wanted: Wanted): Promise<TimestampRelease['timestamped']> {
  const { documentId, version, waiting, job } = wanted;
  const { requestId } = job;
  const original = await openObjectSource(ports.store, objectKeys.version(documentId, version - 1));
  if (original === undefined) throw new SigningError('VERSION_UNKNOWN', { found: `version ${version - 1}` });
  try {
    const document = await PdfDocument.open(original);
    const before = await validate(ports, original);
    const outlook = await outlookFor(ports, document, { waiting, requestId });
    const fieldName = fieldNameOf(wanted);
    const stamped = await stampDocument(ports, original, { fieldName, requestId });
    const increments = await extendToLevel(
      ports,
      { level: outlook.level, requestId, timestampFieldName: `${fieldName}-archive`, found: () => undefined },
      { original, signed: stamped, chains: outlook.chains },
    );
    const output = concatSource(original, ...increments.map((increment) => bufferSource(increment)));
    const report = await validate(ports, output);
    assertUnharmed(report, before.signatures);
    const timestamped = timestampedBy(report, wanted, { sizeBytes: output.size, outlook });
    const turn = { holder: 'timestamp', at: ports.clock.now().toISOString() } as const;
    const other = await takeTurn(ports.store, wanted, turn);
    if (other !== undefined) throw busy(other.holder);
    if (!(await appendVersion(ports, wanted, { original, increments }))) throw busy('another version');
    return timestamped;
  } finally {
    await original.close();
  }
}

/** The version is there and what released it is not known: ours, if it ends with the time-stamp that only we add. */
async function adopt(ports: Ports, wanted: Wanted): Promise<TimestampRelease['timestamped']> {
  const source = await openObjectSource(ports.store, objectKeys.version(wanted.documentId, wanted.version));
  if (source === undefined) throw busy('another version');
  try {
    const report = await validate(ports, source);
    if (reportOf(report, fieldNameOf(wanted)) === undefined) throw busy('another version');
    return timestampedBy(report, wanted, { sizeBytes: source.size });
  } finally {
    await source.close();
  }
}

/** Unique for each (document, version), so that it proves whose a version is. */
function fieldNameOf({ documentId, version }: Wanted): string {
  return `Timestamp-${documentId.slice('doc_'.length)}-${version}`;
}

function validate(ports: Ports, source: ByteSource): Promise<ValidationReport> {
  return validatePdf(source, {
    trustAnchors: ports.policy.trustAnchors,
    tsaTrustAnchors: ports.policy.tsaTrustAnchors,
    now: ports.clock.now(),
    fileDigest: true,
  });
}

/** What the version's record says. Throws SELF_CHECK_FAILED when a level that could be reached was not. */
function timestampedBy(
  report: ValidationReport,
  wanted: Wanted,
  about: { readonly sizeBytes: number; readonly outlook?: Outlook },
): TimestampRelease['timestamped'] {
  const { version, waiting } = wanted;
  const fieldName = fieldNameOf(wanted);
  const timestamp = reportOf(report, fieldName)?.timestamp;
  if (timestamp?.trusted !== true) throw failed('a trusted document time-stamp', 'none');
  const { sizeBytes, outlook } = about;
  const signatures = waiting.map((waits) => {
    const level = reportOf(report, waits.fieldName)?.level ?? 'none';
    const least = outlook === undefined || outlook.failure !== undefined ? 'B-T' : waits.level;
    if (level === 'none' || levels.indexOf(level) < levels.indexOf(least)) {
      throw failed(`${waits.fieldName} at ${least}`, level);
    }
    return { fieldName: waits.fieldName, level: level satisfies Level };
  });
  const failure = outlook?.failure;
  return {
    version,
    fieldName,
    timestamp: timestamp.genTime,
    sizeBytes,
    sha256: report.sha256 ?? '',
    signatures,
    ...(failure === undefined ? {} : { failure }),
  };
}

function failed(expected: string, found: string): SigningError {
  return new SigningError('SELF_CHECK_FAILED', { expected, found });
}
