import type { GuardedFetch } from '@kyso/service';
import { Breaker } from './breaker.js';
import type { Config, UpstreamSettings } from './config.js';
import type { TimestampSource } from './obtain-timestamp.js';

/** A token with its certificates has some kilobytes; more is an attack on memory. */
const maxReplyBytes = 131_072;

/** A TSA behind HTTP (RFC 3161, 3.4), over connections that are kept alive. */
export function createUpstream(
  settings: UpstreamSettings,
  parts: { readonly fetch: GuardedFetch; readonly config: Pick<Config, 'tsaBreakerFailures' | 'tsaBreakerOpenMs'> },
): TimestampSource {
  const headers = {
    'content-type': 'application/timestamp-query',
    accept: 'application/timestamp-reply',
    ...(settings.authorization === undefined ? {} : { authorization: settings.authorization }),
  };
  return {
    name: settings.name,
    ...(settings.policy === undefined ? {} : { policy: settings.policy }),
    breaker: new Breaker({ failures: parts.config.tsaBreakerFailures, openMs: parts.config.tsaBreakerOpenMs }),
    ask: async (requestDer) => {
      const { status, body } = await parts.fetch({
        url: settings.url,
        method: 'POST',
        body: requestDer,
        headers,
        maxBytes: maxReplyBytes,
        timeoutMs: settings.timeoutMs,
      });
      // The media type is not asked for: TSAs in the field send others, and the content is checked byte by byte.
      if (status !== 200) throw new Error(`expected status 200, found ${status}`);
      return body;
    },
  };
}
