import type { Certificate } from '@kyso/cms';
import type { CertificateSummary } from './report.js';

const summaries = new WeakMap<Certificate, CertificateSummary>();

/** What Thông tư 15/2025/TT-BKHCN asks to be shown: signer, unit, issuing CA, validity period. */
export function summarizeCertificate(certificate: Certificate): CertificateSummary {
  const known = summaries.get(certificate);
  if (known !== undefined) return known;
  const summary = Object.freeze({
    subject: certificate.subject,
    subjectName: certificate.commonName,
    ...(certificate.organisation === undefined ? {} : { organisation: certificate.organisation }),
    issuer: certificate.issuer,
    issuerName: certificate.issuerCommonName,
    serialNumber: certificate.serialNumber,
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    sha256: certificate.sha256,
  });
  // Certificates are kept by libs/cms from document to document, and so are these.
  summaries.set(certificate, summary);
  return summary;
}
