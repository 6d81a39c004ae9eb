import { describe, expect, it } from '@jest/globals';
import { describeConfig } from '@kyso/service';
import { configSchema } from './config.js';

const required = {
  listenPort: '0',
  serviceTokenFile: '/run/secrets/service-token',
  redisUrl: 'redis://127.0.0.1:6379',
  storeFolder: '/var/lib/kyso',
  trustAnchorsFile: '/etc/kyso/roots.pem',
  tsaTrustAnchorsFile: '/etc/kyso/tsa-roots.pem',
};

describe('the configuration', () => {
  it('says of each field what it means', () => {
    for (const line of describeConfig(configSchema).trim().split('\n').slice(2)) {
      expect(line.split(' | ')[1]?.trim().length).toBeGreaterThan(10);
    }
  });

  it('has no default for trust anchors', () => {
    expect(configSchema.safeParse(required).success).toBe(true);
    for (const name of ['trustAnchorsFile', 'tsaTrustAnchorsFile'] as const) {
      expect(configSchema.safeParse({ ...required, [name]: undefined }).success).toBe(false);
    }
  });

  it('takes levels separated by commas and refuses unknown ones', () => {
    expect(configSchema.parse({ ...required, levels: 'B-B, B-T' }).levels).toEqual(['B-B', 'B-T']);
    expect(configSchema.safeParse({ ...required, levels: 'B-X' }).success).toBe(false);
  });
});
