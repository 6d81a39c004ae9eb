import type { Certificate } from '@kyso/cms';
import { SigningError } from '@kyso/contracts';
import type { ByteSource } from '@kyso/pdf';
import { validatePdf, type SignatureReport } from '@kyso/validation';
import type { ScreenedWork, ScreeningPorts } from './ports.js';

type Ports = Pick<ScreeningPorts, 'revocation' | 'policy' | 'clock'>;

/** Validates the signatures of a document that is about to be signed, or on which a signature relies. */
export async function reportSignatures(
  ports: Ports,
  { job, signer }: Pick<ScreenedWork, 'job' | 'signer'>,
  source: ByteSource,
): Promise<readonly SignatureReport[]> {
  const { requestId } = job;
  const report = await validatePdf(source, {
    trustAnchors: ports.policy.trustAnchors,
    tsaTrustAnchors: ports.policy.tsaTrustAnchors,
    intermediates: signer.chain.slice(1),
    now: ports.clock.now(),
    ...(ports.policy.revocationCheck === 'off'
      ? {}
      : { revocation: { evidenceFor: (chain) => evidenceOrNothing(ports, chain, requestId) } }),
  });
  return report.signatures;
}

async function evidenceOrNothing(
  ports: Ports,
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
