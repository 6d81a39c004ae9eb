/**
 * The reply to our client: granted, and the token. It is made anew, so that nothing of a TSA's answer but the signed token
 * gets through.
 *
 * TimeStampResp ::= SEQUENCE { status PKIStatusInfo { status INTEGER granted(0) }, timeStampToken } (RFC 3161, 2.4.2)
 */
export function grantedReply(tokenDer: Uint8Array): Buffer {
  const status = Buffer.from('3003020100', 'hex');
  const length = status.length + tokenDer.length;
  const header = Buffer.alloc(6);
  header[0] = 0x30;
  // DER wants the fewest length octets (X.690, 10.1).
  const octets = length < 0x80 ? 0 : length < 0x100 ? 1 : length < 0x1_0000 ? 2 : 3;
  header[1] = octets === 0 ? length : 0x80 | octets;
  if (octets > 0) header.writeUIntBE(length, 2, octets);
  return Buffer.concat([header.subarray(0, 2 + octets), status, tokenDer]);
}
