import { evidenceSchema, type CertificateStatus, type Evidence, type EvidenceRequest } from '@kyso/contracts';
import type { Certificate } from '@kyso/cms';
import type { ServiceClient } from '@kyso/service';
import type { RevocationSource } from '@kyso/validation';
import type { Logger } from 'pino';

/** What the revocation cache says, for verifications and for people. */
export interface EvidenceSource extends RevocationSource {
  /** One for each certificate of the chain but the anchor; none when the cache cannot be reached. */
  statusesOf(chain: readonly Certificate[]): Promise<readonly CertificateStatus[]>;
  /** All that the cache answers; undefined when it cannot be reached. */
  answerFor(chain: readonly Certificate[]): Promise<Evidence | undefined>;
}

/**
 * Revocation evidence from the revocation cache, for documents that hold none. A cache that cannot be reached gives no
 * evidence: the report then says `indeterminate`, and never `valid`.
 */
export function createEvidenceSource(client: ServiceClient, logger: Logger, timeoutMs: number): EvidenceSource {
  const ask = async (chain: readonly Certificate[]): Promise<Evidence | undefined> => {
    const request: EvidenceRequest = {
      chain: chain.map((certificate) => Buffer.from(certificate.der).toString('base64')),
    };
    try {
      const answer = await client.post('/v1/evidence', Buffer.from(JSON.stringify(request)), {
        contentType: 'application/json',
        accept: 'application/json',
        timeoutMs,
      });
      return evidenceSchema.parse(JSON.parse(Buffer.from(answer).toString('utf8')));
    } catch (error) {
      logger.warn({ err: error }, 'no revocation evidence could be had');
      return undefined;
    }
  };
  return {
    evidenceFor: async (chain) => {
      const evidence = await ask(chain);
      return {
        ocspResponses: evidence?.ocspResponses.map(fromBase64) ?? [],
        crls: evidence?.crls.map(fromBase64) ?? [],
      };
    },
    answerFor: ask,
    statusesOf: async (chain) => (await ask(chain))?.statuses ?? [],
  };
}

function fromBase64(text: string): Uint8Array {
  return Buffer.from(text, 'base64');
}
