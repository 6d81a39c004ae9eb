import { describe, expect, it } from '@jest/globals';
import { basicPassword, bearerKey, parseApiKey } from './api-key.js';

const secret = 'A'.repeat(43);

describe('parseApiKey', () => {
  it('finds the client in a key and hashes the whole of it', () => {
    const key = parseApiKey(`kyso_one-stop-shop_${secret}`);
    expect(key?.clientId).toBe('one-stop-shop');
    expect(key?.sha256).toHaveLength(32);
  });

  it.each([
    ['another prefix', `sign_x_${secret}`],
    ['a short secret', 'kyso_x_abc'],
    ['a client with a path in it', `kyso_../x_${secret}`],
    ['a client that begins with a hyphen', `kyso_-x_${secret}`],
    ['something behind it', `kyso_x_${secret}a`],
    ['nothing', ''],
  ])('takes no key with %s', (_what, key) => {
    expect(parseApiKey(key)).toBeUndefined();
  });
});

const header = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`;

describe('the Authorization header', () => {
  it('gives the bearer key whatever the case of the scheme', () => {
    expect(bearerKey('bearer abc')).toBe('abc');
    expect(bearerKey('Basic abc')).toBeUndefined();
    expect(bearerKey(undefined)).toBeUndefined();
  });

  it('gives the password of Basic with any user name', () => {
    expect(basicPassword(header('anyone:kyso_a_b:c'))).toBe('kyso_a_b:c');
    expect(basicPassword(header('no colon'))).toBeUndefined();
    expect(basicPassword('Bearer abc')).toBeUndefined();
  });
});
