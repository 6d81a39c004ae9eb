/** PEM of one certificate. */
export function certificatePem(certificateDer: Uint8Array): string {
  const base64 = Buffer.from(certificateDer).toString('base64').replaceAll(/.{64}/g, '$&\n').trimEnd();
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

/** DER of the first certificate of a PEM text. */
export function certificateDerOf(pem: string): Buffer {
  const base64 = /-----BEGIN CERTIFICATE-----([^-]+)-----END CERTIFICATE-----/.exec(pem)?.[1];
  if (base64 === undefined) throw new Error('expected a PEM certificate');
  return Buffer.from(base64, 'base64');
}
