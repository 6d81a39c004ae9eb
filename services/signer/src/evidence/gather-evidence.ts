import type { Certificate } from '@kyso/cms';
import { SigningError, type CertificateStatus, type Evidence, type Level } from '@kyso/contracts';
import type { DocumentSecurityStore } from '@kyso/pdf';
import type { SigningPorts } from '../signing-ports.js';

/** What is known of the signer's certificate before its key is used. `unknown` is stated in the audit log. */
export type RevocationStatus = 'good' | 'unknown' | 'not-checked';

/**
 * Asks for the revocation status of the signer's chain before the key is used. B-LT and B-LTA need an answer for every
 * certificate; for the lower levels the policy decides.
 * Throws SigningError CERTIFICATE_REVOKED, REVOCATION_UNAVAILABLE.
 */
export async function checkRevocation(
  ports: Pick<SigningPorts, 'revocation' | 'policy'>,
  about: { readonly chain: readonly Certificate[]; readonly level: Level; readonly requestId: string },
): Promise<RevocationStatus> {
  const needed = about.level === 'B-LT' || about.level === 'B-LTA' || ports.policy.revocationCheck === 'require';
  if (!needed && ports.policy.revocationCheck === 'off') return 'not-checked';
  let evidence: Evidence;
  try {
    evidence = await ports.revocation.evidenceFor(about.chain, about);
  } catch (error) {
    if (needed || !(error instanceof SigningError) || error.code !== 'REVOCATION_UNAVAILABLE') throw error;
    return 'unknown';
  }
  refuseRevoked(evidence.statuses, about.chain);
  const open = openStatus(evidence.statuses, about.chain);
  if (open === undefined) return 'good';
  if (needed) throw open;
  return 'unknown';
}

/**
 * Evidence for the chains of the signer and of the time-stamping units, for /DSS (ETSI EN 319 142-1, 5.4.2).
 * Throws SigningError CERTIFICATE_REVOKED, REVOCATION_UNAVAILABLE when a certificate is left without proof.
 */
export async function gatherEvidence(
  ports: Pick<SigningPorts, 'revocation'>,
  chains: readonly (readonly Certificate[])[],
  context: { readonly requestId: string },
): Promise<DocumentSecurityStore> {
  const store = {
    certificates: new Map<string, Uint8Array>(),
    ocspResponses: new Map<string, Uint8Array>(),
    crls: new Map<string, Uint8Array>(),
  };
  const all = await Promise.all(chains.map((chain) => ports.revocation.evidenceFor(chain, context)));
  all.forEach((evidence, index) => {
    const chain = chains[index] ?? [];
    refuseRevoked(evidence.statuses, chain);
    const open = openStatus(evidence.statuses, chain);
    if (open !== undefined) throw open;
    for (const { der } of chain) addBase64(store.certificates, Buffer.from(der).toString('base64'));
    for (const der of evidence.certificates) addBase64(store.certificates, der);
    for (const der of evidence.ocspResponses) addBase64(store.ocspResponses, der);
    for (const der of evidence.crls) addBase64(store.crls, der);
  });
  return {
    certificates: [...store.certificates.values()],
    ocspResponses: [...store.ocspResponses.values()],
    crls: [...store.crls.values()],
  };
}

function addBase64(to: Map<string, Uint8Array>, base64: string): void {
  if (!to.has(base64)) to.set(base64, Buffer.from(base64, 'base64'));
}

function refuseRevoked(statuses: readonly CertificateStatus[], chain: readonly Certificate[]): void {
  for (const status of statuses) {
    if (status.status !== 'revoked') continue;
    const certificate = chain.find((link) => link.sha256 === status.certificateSha256);
    throw new SigningError('CERTIFICATE_REVOKED', {
      expected: 'no revoked certificate in the chain',
      found: `${certificate?.subject ?? status.certificateSha256} revoked at ${status.revokedAt ?? 'an unknown time'}`,
    });
  }
}

/** The failure for the first certificate without a good status; undefined when every one but the anchor has it. */
function openStatus(statuses: readonly CertificateStatus[], chain: readonly Certificate[]): SigningError | undefined {
  for (const certificate of chain.slice(0, -1)) {
    const status = statuses.find((one) => one.certificateSha256 === certificate.sha256);
    if (status?.status === 'good') continue;
    return new SigningError('REVOCATION_UNAVAILABLE', {
      expected: `the revocation status of ${certificate.subject}`,
      found: status === undefined || status.problems.length === 0 ? 'unknown' : status.problems.slice(0, 4).join('; '),
    });
  }
  return undefined;
}
