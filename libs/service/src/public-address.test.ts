import { describe, expect, it } from '@jest/globals';
import { whyNotPublic } from './public-address.js';

describe('whyNotPublic', () => {
  it.each(['8.8.8.8', '113.160.1.1', '2001:4860:4860::8888', '2405:4800::1', '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'])(
    'lets %s pass',
    (address) => {
      expect(whyNotPublic(address)).toBeUndefined();
    },
  );

  it.each([
    ['127.0.0.1', 'loopback'],
    ['127.255.1.2', 'loopback'],
    ['0.0.0.0', 'unspecified'],
    ['0.1.2.3', 'unspecified'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['192.168.1.1', 'private'],
    ['169.254.169.254', 'linkLocal'],
    ['100.64.0.1', 'carrierGradeNat'],
    ['192.0.2.1', 'reserved'],
    ['198.51.100.1', 'reserved'],
    ['203.0.113.1', 'reserved'],
    ['198.18.0.1', ''],
    ['192.0.0.1', ''],
    ['224.0.0.1', 'multicast'],
    ['240.0.0.1', 'reserved'],
    ['255.255.255.255', 'broadcast'],
    ['::', 'unspecified'],
    ['::1', 'loopback'],
    ['fe80::1', 'linkLocal'],
    ['fe80::1%eth0', 'linkLocal'],
    ['fc00::1', 'uniqueLocal'],
    ['fd12:3456::1', 'uniqueLocal'],
    ['ff02::1', 'multicast'],
    ['fec0::1', ''],
    ['2001:db8::1', ''],
    ['3fff::1', ''],
    ['2001::1', 'teredo'],
    ['2002:7f00:1::', '6to4'],
    ['2002:808:808::', '6to4'],
    ['100::1', ''],
    ['::127.0.0.1', ''],
    ['::ffff:127.0.0.1', 'ipv4Mapped, loopback'],
    ['::ffff:a9fe:a9fe', 'ipv4Mapped, linkLocal'],
    ['64:ff9b::7f00:1', 'rfc6052, loopback'],
    ['64:ff9b::10.0.0.1', 'rfc6052, private'],
    ['64:ff9b:1::8.8.8.8', 'rfc8215'],
    ['::ffff:0:7f00:1', ''],
    ['4000::1', ''],
    ['localhost', 'not an IP address'],
    ['', 'not an IP address'],
  ])('refuses %s (%s)', (address, why) => {
    const found = whyNotPublic(address);
    expect(found).toBeDefined();
    if (why !== '') expect(found).toBe(why);
  });
});
