import { describe, expect, it } from '@jest/globals';
import { SigningError } from '@kyso/contracts';
import { pauseMs } from './back-off.js';
import { retryAfterMs, sendEvent } from './send-event.js';
import { WebhookHosts } from './webhook-hosts.js';

const now = new Date('2026-11-23T00:00:00Z');
const event = { eventId: 'evt_1', payload: '{}' };
const hosts = new WebhookHosts(['A.example', 'b.example:8443', 'http://10.0.4.7:8080', 'http://[::1]']);
const signer = { publicKeys: { keys: [] }, headersOf: () => ({ 'webhook-id': 'evt_1' }) };

const kindOf = async (answer: number | Error): Promise<string> => {
  const fetch = async () => {
    if (answer instanceof Error) throw answer;
    return { status: answer, headers: {}, body: new Uint8Array(0) };
  };
  const parts = { fetch, hosts, signer, timeoutMs: 1, now: () => now };
  return (await sendEvent(parts, { url: 'https://a.example/' }, event)).kind;
};

const connecting = async (): Promise<never> => {
  throw new TypeError('connected');
};

describe('one attempt', () => {
  it('is delivered by 2xx only; others say whether the event or the endpoint is the matter', async () => {
    expect(await Promise.all([200, 204, 299].map(kindOf))).toEqual(['delivered', 'delivered', 'delivered']);
    expect(await Promise.all([301, 400, 401, 404, 500].map(kindOf))).toEqual(Array(5).fill('refused'));
    expect(await Promise.all([429, 502, 503, 504].map(kindOf))).toEqual(Array(4).fill('away'));
    expect(await kindOf(410)).toBe('gone');
    expect(await kindOf(Object.assign(new Error('no'), { code: 'ECONNREFUSED' }))).toBe('away');
    expect(await kindOf(new SigningError('URL_REFUSED'))).toBe('away');
  });

  it('goes nowhere when the host is not allowed any more', async () => {
    const parts = { fetch: connecting, hosts: new WebhookHosts([]), signer, timeoutMs: 1, now: () => now };
    const { attempt } = await sendEvent(parts, { url: 'https://a.example/' }, event);
    expect(attempt.error).toBe('WEBHOOK_HOST_REFUSED');
  });
});

describe('hosts of webhooks', () => {
  it.each([
    'https://a.example/x?y',
    'https://A.EXAMPLE:443',
    'https://b.example:8443',
    'http://10.0.4.7:8080/',
    'http://[::1]/',
  ])('allow %s', (url) => {
    expect(() => hosts.assertAllowed(url)).not.toThrow();
  });
  it.each([
    'http://a.example/',
    'https://a.example:8443/',
    'https://b.example/',
    'https://10.0.4.7:8080/',
    'https://a.example.evil.example/',
    'https://x.a.example/',
    'ftp://a.example/',
    'https://a.example@evil.example/',
    'https://a.example/#x',
    'a.example',
    '',
  ])('refuse %s', (url) => {
    expect(() => hosts.assertAllowed(url)).toThrow(SigningError);
  });
});

describe('the pause after a failure', () => {
  const backOff = { firstMs: 5_000, longestMs: 14_400_000, giveUpMs: 0 };
  it('triples up to the longest one, a quarter more or less', () => {
    expect([1, 2, 3, 4].map((n) => pauseMs(backOff, n, () => 0.5))).toEqual([5_000, 15_000, 45_000, 135_000]);
    expect(pauseMs(backOff, 1_000, () => 0.5)).toBe(14_400_000);
    expect([pauseMs(backOff, 1, () => 0), pauseMs(backOff, 1, () => 1)]).toEqual([3_750, 6_250]);
  });

  it('is as long as the endpoint asks, in seconds or by a date, a day at most', () => {
    expect(retryAfterMs('120', now)).toBe(120_000);
    expect(retryAfterMs('Mon, 23 Nov 2026 00:01:00 GMT', now)).toBe(60_000);
    expect(retryAfterMs('999999999', now)).toBe(86_400_000);
    for (const header of [undefined, '', 'soon', '-5', 'Mon, 23 Nov 2020 00:01:00 GMT']) {
      expect(retryAfterMs(header, now)).toBe(0);
    }
  });
});
