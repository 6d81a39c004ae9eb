import { lookup as systemLookup } from 'node:dns/promises';
import { Agent as HttpAgent, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP } from 'node:net';
import { SigningError } from '@kyso/contracts';
import { exchange, type ExchangeAnswer } from './http-exchange.js';
import { whyNotPublic } from './public-address.js';

/** Allow rules for URLs that come from certificates, documents or callers (invariant 9). */
export interface FetchRules {
  /** `host:port` pairs that are allowed although their address is private or their port unusual. */
  readonly allowHosts: readonly string[];
  /** host → host[:port] before anything else, such as ocsp.ca.ptc → ocsp.ca.gov.vn. */
  readonly rewriteHosts: Readonly<Record<string, string>>;
}

/** One guarded request. */
export interface FetchRequest {
  readonly url: string;
  readonly method: 'GET' | 'POST';
  readonly body?: Uint8Array;
  /** Host, connection, content-length and accept-encoding are set here and can't be given. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Bytes of the answer's body. */
  readonly maxBytes: number;
  /** Milliseconds for everything from the name look-up to the last byte. */
  readonly timeoutMs: number;
}

/**
 * HTTP(S) with keep-alive to addresses that somebody else chose. Guarded: scheme, credentials, port, every address after DNS,
 * size, time, content encoding. Redirects are not followed: their target was chosen by yet another party, and neither OCSP,
 * CRL nor RFC 3161 needs them; the 3xx status is returned.
 * Throws SigningError URL_REFUSED; network faults are ExchangeErrors or Node's, with a `code`.
 */
export interface GuardedFetch {
  (request: FetchRequest): Promise<ExchangeAnswer>;
}

/** What tests replace, and trust beyond the system's. */
export interface FetchParts {
  /** All addresses of a name. Default: the system's resolver. */
  readonly resolve?: (host: string) => Promise<readonly string[]>;
  /** PEM of CAs for HTTPS instead of Node's. Verification itself can't be switched off. */
  readonly ca?: string;
}

const headersOfOurs = new Set([
  'host',
  'connection',
  'content-length',
  'transfer-encoding',
  'accept-encoding',
  'expect',
]);

/** Makes a guarded fetch with its own connections; see GuardedFetch. */
export function createGuardedFetch(rules: FetchRules, parts: FetchParts = {}): GuardedFetch {
  const allowed = new Set(rules.allowHosts.map((host) => host.toLowerCase()));
  const rewrites = new Map(Object.entries(rules.rewriteHosts).map(([from, to]) => [from.toLowerCase(), to]));
  const resolve = parts.resolve ?? systemAddresses;
  // An agent keeps connections by host and port; what the rules said when one was made holds for all its requests.
  const pool = { keepAlive: true, keepAliveMsecs: 30_000, maxSockets: 32, maxFreeSockets: 8, timeout: 60_000 };
  const agents = {
    'http:': new HttpAgent(pool),
    // Said explicitly: NODE_TLS_REJECT_UNAUTHORIZED=0 in an environment must not switch it off.
    'https:': new HttpsAgent({
      ...pool,
      rejectUnauthorized: true,
      ...(parts.ca === undefined ? {} : { ca: parts.ca }),
    }),
  };

  return async (request) => {
    const url = checkedUrl(request.url, rewrites);
    const protocol = url.protocol as 'http:' | 'https:';
    const host = bareHost(url);
    const port = url.port === '' ? (protocol === 'https:' ? 443 : 80) : Number(url.port);
    const trusted = allowed.has(`${host}:${port}`);
    if (!trusted) {
      if (port !== 80 && port !== 443) throw refused('port 80 or 443, or an allow rule', `${host}:${port}`);
      // With a literal address no look-up happens, so it has to be judged here.
      if (isIP(host) !== 0) assertPublic(host, [host]);
    }
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(request.headers ?? {})) {
      if (!headersOfOurs.has(name.toLowerCase())) headers[name] = value;
    }
    return exchange({
      url,
      method: request.method,
      headers: { ...headers, 'accept-encoding': 'identity' },
      body: request.body,
      agent: agents[protocol],
      lookup: checkedLookup(resolve, trusted),
      maxBytes: request.maxBytes,
      timeoutMs: request.timeoutMs,
    });
  };
}

function checkedUrl(text: string, rewrites: ReadonlyMap<string, string>): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw refused('an absolute URL', 'something else');
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused('http or https', url.protocol.slice(0, 20));
  if (url.username !== '' || url.password !== '') throw refused('a URL without user and password', 'one with them');
  if (text.length > 4096) throw refused('at most 4096 characters', String(text.length));
  const target = rewrites.get(bareHost(url));
  // Setting `host` without a port would keep the old one, which belongs to the other host.
  if (target !== undefined) {
    url.port = '';
    url.host = target;
  }
  return url;
}

/** Lower case, no brackets round IPv6, no trailing dot (`localhost.` is `localhost`). */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
}

/**
 * The look-up that the connection itself uses: the addresses that were judged are the addresses that are connected to. Asking
 * first and connecting by name would let a resolver answer differently the second time (DNS rebinding).
 */
function checkedLookup(
  resolve: NonNullable<FetchParts['resolve']>,
  trusted: boolean,
): NonNullable<RequestOptions['lookup']> {
  const judged = async (hostname: string): Promise<{ address: string; family: number }[] | NodeJS.ErrnoException> => {
    try {
      const addresses = await resolve(hostname);
      if (addresses.length === 0) throw Object.assign(new Error(`no address for ${hostname}`), { code: 'ENOTFOUND' });
      if (!trusted) assertPublic(hostname, addresses);
      return addresses.map((address) => ({ address, family: isIP(address) }));
    } catch (error) {
      return error as NodeJS.ErrnoException;
    }
  };
  return async (hostname, options, callback) => {
    const found = await judged(hostname);
    if (found instanceof Error) callback(found, []);
    else if (options.all === true) callback(null, found);
    else callback(null, found[0]?.address ?? '', found[0]?.family ?? 0);
  };
}

/** One forbidden address among several refuses the name: an honest public name has none. */
function assertPublic(host: string, addresses: readonly string[]): void {
  for (const address of addresses) {
    const why = whyNotPublic(address);
    if (why !== undefined) throw refused('a public address, or an allow rule', `${host} at ${address} (${why})`);
  }
}

async function systemAddresses(host: string): Promise<string[]> {
  return (await systemLookup(host, { all: true })).map(({ address }) => address);
}

function refused(expected: string, found: string): SigningError {
  return new SigningError('URL_REFUSED', { expected, found });
}
