import { SigningError } from '@kyso/contracts';
import { createServiceClient } from '@kyso/service';
import type { TimestampSource } from './timestamp-source.js';

/** The TimestampSource behind our own tsa-proxy. */
export function tsaProxyClient(options: {
  readonly baseUrl: string;
  readonly serviceToken: string;
  /** For the whole answer: the proxy may try several TSAs in that time. */
  readonly timeoutMs: number;
}): TimestampSource {
  const client = createServiceClient({ ...options, unavailable: 'TSA_UNAVAILABLE' });
  return {
    async respond(requestDer, { requestId }) {
      try {
        return await client.post('/', requestDer, {
          contentType: 'application/timestamp-query',
          accept: 'application/timestamp-reply',
          timeoutMs: options.timeoutMs,
          requestId,
        });
      } catch (error) {
        if (!(error instanceof SigningError)) throw error;
        if (error.code === 'TSA_UNAVAILABLE' || error.code === 'CLOCK_SKEWED') throw error;
        // A proxy that is set up wrongly is, to the document, a proxy that gives no time-stamp.
        throw new SigningError('TSA_UNAVAILABLE', { found: error.message, cause: error });
      }
    },
  };
}
