import { createOcspRequest, verifyCrl, verifyOcspResponse, type Certificate } from '@kyso/cms';
import type { CertificateStatus, Evidence } from '@kyso/contracts';
import type { RevocationSource } from '../src/evidence/revocation-source.js';

/** A plain RevocationSource for tests: asks the addresses in the certificates, OCSP first, without any cache. */
export const revocationOverHttp: RevocationSource = {
  async evidenceFor(chain) {
    const evidence: Evidence = { statuses: [], ocspResponses: [], crls: [], certificates: [] };
    for (const [i, certificate] of chain.slice(0, -1).entries()) {
      const issuer = chain[i + 1] as Certificate;
      evidence.statuses.push(await statusOf(certificate, issuer, evidence));
    }
    return evidence;
  },
};

async function statusOf(certificate: Certificate, issuer: Certificate, evidence: Evidence): Promise<CertificateStatus> {
  const about = { certificate, issuer, at: new Date() };
  const base = { certificateSha256: certificate.sha256, problems: [] as string[] };
  const [ocspUrl] = certificate.ocspUrls;
  const [crlUrl] = certificate.crlUrls;
  try {
    if (ocspUrl !== undefined) {
      const der = await fetchBytes(ocspUrl, createOcspRequest(certificate, issuer));
      const proof = verifyOcspResponse(der, about);
      evidence.ocspResponses.push(Buffer.from(der).toString('base64'));
      for (const extra of proof.certificates) evidence.certificates.push(Buffer.from(extra.der).toString('base64'));
      return { ...base, ...dates(proof), status: proof.status, source: 'ocsp' };
    }
    if (crlUrl !== undefined) {
      const der = await fetchBytes(crlUrl);
      const proof = verifyCrl(der, about);
      evidence.crls.push(Buffer.from(der).toString('base64'));
      return { ...base, ...dates(proof), status: proof.status, source: 'crl' };
    }
  } catch (error) {
    base.problems.push((error as Error).message);
  }
  return { ...base, status: 'unknown', source: 'none' };
}

function dates(proof: { thisUpdate: Date; nextUpdate?: Date; revokedAt?: Date }): Partial<CertificateStatus> {
  return {
    thisUpdate: proof.thisUpdate.toISOString(),
    ...(proof.nextUpdate === undefined ? {} : { nextUpdate: proof.nextUpdate.toISOString() }),
    ...(proof.revokedAt === undefined ? {} : { revokedAt: proof.revokedAt.toISOString() }),
  };
}

export async function fetchBytes(
  url: string,
  body?: Uint8Array,
  contentType = 'application/ocsp-request',
): Promise<Uint8Array> {
  const post = (bytes: Uint8Array): RequestInit => ({
    method: 'POST',
    body: Buffer.from(bytes),
    headers: { 'content-type': contentType },
  });
  const response = await fetch(url, body === undefined ? {} : post(body));
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
