import { evidenceSchema, type EvidenceRequest } from '@kyso/contracts';
import type { Certificate } from '@kyso/cms';
import type { ServiceClient } from '@kyso/service';
import type { RevocationSource } from '@kyso/validation';
import type { Logger } from 'pino';

/**
 * Revocation evidence from the revocation cache, for documents that hold none. A cache that cannot be reached gives no
 * evidence: the report then says `indeterminate`, and never `valid`.
 */
export function createEvidenceSource(client: ServiceClient, logger: Logger, timeoutMs: number): RevocationSource {
  return {
    evidenceFor: async (chain: readonly Certificate[]) => {
      const request: EvidenceRequest = {
        chain: chain.map((certificate) => Buffer.from(certificate.der).toString('base64')),
      };
      try {
        const answer = await client.post('/v1/evidence', Buffer.from(JSON.stringify(request)), {
          contentType: 'application/json',
          accept: 'application/json',
          timeoutMs,
        });
        const evidence = evidenceSchema.parse(JSON.parse(Buffer.from(answer).toString('utf8')));
        return { ocspResponses: evidence.ocspResponses.map(fromBase64), crls: evidence.crls.map(fromBase64) };
      } catch (error) {
        logger.warn({ err: error }, 'no revocation evidence could be had for a verification');
        return { ocspResponses: [], crls: [] };
      }
    },
  };
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
