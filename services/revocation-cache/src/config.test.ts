import { describe, expect, it } from '@jest/globals';
import { readFetchRules } from '@kyso/service';
import { configSchema } from './config.js';

describe('the configuration', () => {
  it('reads lists of URLs and pairs of hosts from one variable each', () => {
    const config = configSchema.parse({
      listenPort: '3003',
      serviceTokenFile: '/run/secrets/token',
      extraCrlUrls: 'http://crl.ca.gov.vn/a.crl, http://crl.ca.gov.vn/b.crl',
      fetchRewriteHosts: 'ocsp.ca.ptc=ocsp.ca.gov.vn',
    });
    expect(config.extraCrlUrls).toHaveLength(2);
    expect(readFetchRules(config).rewriteHosts).toEqual({ 'ocsp.ca.ptc': 'ocsp.ca.gov.vn' });
    expect(config.fetchAllowHosts).toEqual([]);
  });

  it.each([
    ['extraCrlUrls', 'ldap://ca.example/crl'],
    ['fetchAllowHosts', '127.0.0.1'],
    ['fetchRewriteHosts', 'ocsp.ca.ptc'],
    ['hedgeAfterMs', '0'],
  ])('refuses %s = %s', (field, value) => {
    const result = configSchema.safeParse({ listenPort: 1, serviceTokenFile: '/x', [field]: value });
    expect(result.error?.issues[0]?.path[0]).toBe(field);
  });
});
