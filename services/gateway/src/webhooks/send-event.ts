import { SigningError, type StoredWebhook, type WebhookAttempt } from '@kyso/contracts';
import type { GuardedFetch } from '@kyso/service';
import type { WebhookHosts } from './webhook-hosts.js';
import type { WebhookSigner } from './webhook-keys.js';

/** Bytes of an answer, which nobody looks at. */
const maxAnswerBytes = 65_536;
const longestRetryAfterMs = 24 * 3_600_000;
/** Statuses that speak of the endpoint and not of this event. */
const awayStatuses = new Set([429, 502, 503, 504]);

export interface SenderParts {
  readonly fetch: GuardedFetch;
  readonly hosts: WebhookHosts;
  readonly signer: WebhookSigner;
  readonly timeoutMs: number;
  readonly now: () => Date;
}

/** What one attempt came to. */
export interface Sent {
  readonly attempt: WebhookAttempt;
  /** refused: another answer than 2xx; away: none, or one that asks to wait; gone: 410. */
  readonly kind: 'delivered' | 'refused' | 'away' | 'gone';
  /** Milliseconds that the endpoint asked to wait; 0 when it did not. */
  readonly retryAfterMs: number;
}

/** Tells an endpoint of an event, once. Never throws: what goes wrong is in the attempt. */
export async function sendEvent(
  parts: SenderParts,
  { url }: Pick<StoredWebhook, 'url'>,
  event: { readonly eventId: string; readonly payload: string },
): Promise<Sent> {
  const { fetch, hosts, signer, timeoutMs, now } = parts;
  const at = now();
  const beganMs = performance.now();
  const attempt = (rest: Pick<WebhookAttempt, 'status' | 'error'>): WebhookAttempt => ({
    at: at.toISOString(),
    durationMs: Math.round(performance.now() - beganMs),
    ...rest,
  });
  try {
    // The list may have become shorter since the endpoint was made.
    hosts.assertAllowed(url);
    const { status, headers } = await fetch({
      url,
      method: 'POST',
      body: Buffer.from(event.payload, 'utf8'),
      headers: {
        'content-type': 'application/json',
        'user-agent': 'Kyso-Webhooks/1',
        ...signer.headersOf({ ...event, at }),
      },
      maxBytes: maxAnswerBytes,
      timeoutMs,
    });
    const isOk = status >= 200 && status < 300;
    const kind = isOk ? 'delivered' : status === 410 ? 'gone' : awayStatuses.has(status) ? 'away' : 'refused';
    return { attempt: attempt({ status }), kind, retryAfterMs: isOk ? 0 : retryAfterMs(headers['retry-after'], at) };
  } catch (error) {
    return { attempt: attempt({ error: reasonOf(error) }), kind: 'away', retryAfterMs: 0 };
  }
}

/** A short word for the record and the log, without addresses that only the inside knows. */
function reasonOf(error: unknown): string {
  const code = error instanceof SigningError ? error.code : (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && code !== '') return code.slice(0, 100);
  return error instanceof Error ? error.name : 'unknown';
}

/** Retry-After in seconds or as a date (RFC 9110, 10.2.3); at most a day, 0 for anything else. */
export function retryAfterMs(header: string | undefined, now: Date): number {
  if (header === undefined) return 0;
  const wanted = /^\d{1,9}$/.test(header.trim()) ? Number(header) * 1_000 : Date.parse(header) - now.getTime();
  return Number.isFinite(wanted) ? Math.min(longestRetryAfterMs, Math.max(0, wanted)) : 0;
}
