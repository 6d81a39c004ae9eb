import { SigningError } from '@kyso/contracts';
import type { FetchRules } from '@kyso/service';

/** `host`, `host:port`, or `http://host[:port]`, which allows http there; names and IPv4 addresses, `[…]` for IPv6. */
export const webhookHostPattern = /^(http:\/\/)?([a-z0-9._-]+|\[[0-9a-f:]+\])(:\d{1,5})?$/i;

/** The hosts that the operator allows deliveries to. Nothing else is ever connected to, whatever an endpoint's record says. */
export class WebhookHosts {
  /** `https://host:port` and `http://host:port`. */
  private readonly origins: ReadonlySet<string>;

  /** `named`: items of KYSO_WEBHOOK_HOSTS. */
  constructor(private readonly named: readonly string[]) {
    this.origins = new Set(named.map((host) => originOf(new URL(host.includes('//') ? host : `https://${host}`))));
  }

  /** False: no webhooks in this cluster. */
  get any(): boolean {
    return this.named.length > 0;
  }

  /** For `createGuardedFetch`: who is named may have a private address, as portals of an office have. */
  get fetchRules(): FetchRules {
    return { allowHosts: [...this.origins].map((origin) => origin.replace(/^https?:\/\//, '')), rewriteHosts: {} };
  }

  /** Throws WEBHOOK_HOST_REFUSED, REQUEST_INVALID for what is no URL of an endpoint. */
  assertAllowed(text: string): void {
    let url: URL;
    try {
      url = new URL(text);
    } catch {
      throw new SigningError('REQUEST_INVALID', { expected: 'url: an absolute URL', found: 'something else' });
    }
    if (url.username !== '' || url.password !== '' || url.hash !== '') {
      throw new SigningError('REQUEST_INVALID', {
        expected: 'url: without user, password and fragment',
        found: 'a URL with one of them',
      });
    }
    if (this.origins.has(originOf(url))) return;
    throw new SigningError('WEBHOOK_HOST_REFUSED', {
      expected: this.any ? 'a host that the operator allows (KYSO_WEBHOOK_HOSTS)' : 'a cluster with webhooks',
      found: originOf(url),
    });
  }
}

/** With the port, also where it is the scheme's own; `localhost.` is `localhost`. */
function originOf(url: URL): string {
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port;
  return `${url.protocol}//${url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')}:${port}`;
}
