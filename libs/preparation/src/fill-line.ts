import type { Certificate } from '@kyso/cms';

const vietnamOffsetMs = 7 * 3_600_000;

/** `dd-mm-yyyy hh:mm:ss +07:00`, Vietnam's zone whatever this machine's is (Nghị định 30/2020/NĐ-CP, annex I). */
export function vietnamTime(instant: Date): string {
  const iso = new Date(instant.getTime() + vietnamOffsetMs).toISOString();
  return `${iso.slice(8, 10)}-${iso.slice(5, 7)}-${iso.slice(0, 4)} ${iso.slice(11, 19)} +07:00`;
}

/**
 * Fills {signerName}, {organisationName}, {email} and {signingTime} of an appearance's line. What the certificate does not
 * state becomes empty; other braces stay as they are.
 */
export function fillLine(line: string, certificate: Certificate, signingTime: Date): string {
  return line.replaceAll(/\{(signerName|organisationName|email|signingTime)\}/g, (_match, name: string) => {
    switch (name) {
      case 'signerName':
        return certificate.commonName;
      case 'organisationName':
        return certificate.organisation ?? '';
      case 'email':
        return certificate.email ?? '';
      default:
        return vietnamTime(signingTime);
    }
  });
}
