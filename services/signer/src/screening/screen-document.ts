import type { Certificate } from '@kyso/cms';
import { SigningError, type ScreeningFinding } from '@kyso/contracts';
import type { ByteSource, PdfDocument } from '@kyso/pdf';
import { validatePdf, type SignatureReport } from '@kyso/validation';
import type { PreparedCredential } from '../credentials/credential-source.js';
import type { SigningPorts } from '../signing-ports.js';
import type { SigningWork } from '../signing-work.js';
import { describeReport, isAcceptable } from './acceptable-signature.js';
import { screenContent } from './screen-content.js';

type Ports = Pick<SigningPorts, 'revocation' | 'policy' | 'clock' | 'credentials'>;

/**
 * Screens a document before a key is touched: it can be signed, no earlier signature is invalid, and what the
 * organisation seals was validly signed by a person, and it holds nothing that the policy refuses. Gives the reports of the
 * earlier signatures, and the findings to be stated.
 * Throws PdfError, SigningError EARLIER_SIGNATURE_INVALID, APPROVAL_MISSING, PDF_SCREENED.
 */
export async function screenDocument(
  ports: Ports,
  work: SigningWork,
  input: { readonly source: ByteSource; readonly document: PdfDocument; readonly credential: PreparedCredential },
): Promise<{ readonly earlier: readonly SignatureReport[]; readonly findings: readonly ScreeningFinding[] }> {
  await input.document.assertSignable();
  const signatures = await input.document.signatures();
  const reports = signatures.length === 0 ? [] : await earlierReports(ports, work, input);
  const invalid = reports.find((report) => report.verdict === 'invalid');
  if (invalid !== undefined) {
    throw new SigningError('EARLIER_SIGNATURE_INVALID', {
      expected: 'no invalid signature in the document',
      found: describeReport(invalid),
    });
  }
  // The kind counts too: a client that was given another role for the seal must not get round the rule.
  if (work.step.role === 'clerk' || input.credential.record.kind === 'organisation') {
    await assertApproved(ports, reports, input.credential);
  }
  const findings = await screenContent(ports.policy, work, input.document, signatures.length > 0);
  return { earlier: reports, findings };
}

async function earlierReports(
  ports: Ports,
  work: SigningWork,
  input: { readonly source: ByteSource; readonly credential: PreparedCredential },
): Promise<readonly SignatureReport[]> {
  const { requestId } = work.job;
  const report = await validatePdf(input.source, {
    trustAnchors: ports.policy.trustAnchors,
    tsaTrustAnchors: ports.policy.tsaTrustAnchors,
    intermediates: input.credential.chain.slice(1),
    now: ports.clock.now(),
    ...(ports.policy.revocationCheck === 'off'
      ? {}
      : { revocation: { evidenceFor: (chain) => evidenceOrNothing(ports, chain, requestId) } }),
  });
  return report.signatures;
}

async function evidenceOrNothing(
  ports: Pick<Ports, 'revocation'>,
  chain: readonly Certificate[],
  requestId: string,
): Promise<{ ocspResponses: readonly Uint8Array[]; crls: readonly Uint8Array[] }> {
  try {
    const evidence = await ports.revocation.evidenceFor(chain, { requestId });
    return {
      ocspResponses: evidence.ocspResponses.map((der) => Buffer.from(der, 'base64')),
      crls: evidence.crls.map((der) => Buffer.from(der, 'base64')),
    };
  } catch (error) {
    if (!(error instanceof SigningError)) throw error;
    return { ocspResponses: [], crls: [] };
  }
}

/** The organisation's key only on what somebody else, a person, has validly signed (Nghị định 30/2020/NĐ-CP). */
async function assertApproved(
  ports: Ports,
  reports: readonly SignatureReport[],
  credential: PreparedCredential,
): Promise<void> {
  const persons = await ports.credentials.personCertificates();
  const approved = reports.some(
    (report) =>
      report.kind === 'signature' &&
      report.signer !== undefined &&
      report.signer.sha256 !== credential.certificate.sha256 &&
      persons.has(report.signer.sha256) &&
      isAcceptable(report, ports.policy),
  );
  if (approved) return;
  throw new SigningError('APPROVAL_MISSING', {
    expected: 'a valid signature of a person whose credential is stored here',
    found: reports.length === 0 ? 'no signature' : reports.map(describeReport).slice(0, 4).join('; '),
  });
}
