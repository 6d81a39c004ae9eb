import ipaddr from 'ipaddr.js';

/**
 * Says why an address must not be connected to on behalf of a certificate, a document or a caller; undefined when it may be.
 * Only global unicast is left: the rest (loopback, RFC 1918, link-local with its metadata services, CGNAT, multicast,
 * documentation, reserved, unspecified …; IANA special-purpose registries, RFC 6890) leads into our own network or nowhere.
 * IPv6 addresses that carry an IPv4 one (mapped, NAT64 RFC 6052, 6to4 RFC 3056, Teredo RFC 4380) are judged by what they carry,
 * or refused where they have no business on today's internet.
 */
export function whyNotPublic(address: string): string | undefined {
  // Node may add a zone (fe80::1%eth0); only link-local addresses have one.
  if (address.includes('%')) return 'linkLocal';
  let parsed: ipaddr.IPv4 | ipaddr.IPv6;
  try {
    parsed = ipaddr.parse(address);
  } catch {
    return 'not an IP address';
  }
  if (parsed.kind() === 'ipv6' && (parsed as ipaddr.IPv6).isIPv4MappedAddress()) {
    return prefixed('ipv4Mapped', whyNotPublic((parsed as ipaddr.IPv6).toIPv4Address().toString()));
  }
  const range = parsed.range();
  if (range === 'rfc6052') {
    const bytes = parsed.toByteArray();
    // 64:ff9b:1::/48 (RFC 8215) is for translation inside a network, with the address in other places.
    if (bytes.slice(4, 12).some((byte) => byte !== 0)) return 'rfc8215';
    return prefixed('rfc6052', whyNotPublic(bytes.slice(12).join('.')));
  }
  if (range !== 'unicast') return range;
  if (parsed.kind() === 'ipv4') return undefined;
  // ipaddr.js calls everything it has no name for unicast; only 2000::/3 is handed out. ::/96 held IPv4-compatible addresses.
  const firstByte = parsed.toByteArray()[0] ?? 0;
  return (firstByte & 0xe0) === 0x20 ? undefined : 'not in 2000::/3';
}

function prefixed(kind: string, why: string | undefined): string | undefined {
  return why === undefined ? undefined : `${kind}, ${why}`;
}
