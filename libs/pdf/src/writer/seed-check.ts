import { PdfError } from '../errors.js';
import { asBuffer } from '../sources.js';
import type { MdpPermission, Seed, SeedValues, SignerFacts } from '../types.js';

/** /Filter of everything that is written here. */
export const writtenFilter = 'Adobe.PPKLite';

/** The signature that is to fill the field. */
export interface PlannedSignature {
  readonly subFilter: 'ETSI.CAdES.detached' | 'ETSI.RFC3161';
  readonly reason?: string | undefined;
  readonly certify?: MdpPermission | undefined;
  readonly signer?: SignerFacts | undefined;
}

/**
 * Holds a signature against the seed values of its field (ISO 32000-2, 12.7.5.5, tables 237 and 238): what is required and
 * not met is refused with the value that would do. Throws PdfError FIELD_UNUSABLE.
 */
export function assertSeedValues(seeds: SeedValues, planned: PlannedSignature): void {
  const { subFilter, reason, certify, signer = {} } = planned;
  if (seeds.unknownRequirements.length > 0) {
    unmet('no requirement unknown to ISO 32000-2', `bit ${seeds.unknownRequirements.join(', ')} of /Ff`);
  }
  const version = demanded(seeds.version);
  if (version !== undefined && version > 3) {
    unmet(`a signature handler of version ${version}`, 'version 3');
  }
  const filter = demanded(seeds.filter);
  if (filter !== undefined && filter !== writtenFilter) {
    unmet(`the signature handler ${filter}`, writtenFilter);
  }
  const subFilters = demanded(seeds.subFilters);
  if (subFilters !== undefined && !subFilters.includes(subFilter)) {
    unmet(`SubFilter ${oneOf(subFilters)}`, subFilter);
  }
  const methods = demanded(seeds.digestMethods);
  const method = signer.digestAlgorithm?.toUpperCase();
  if (methods !== undefined && (method === undefined || !methods.includes(method))) {
    unmet(`DigestMethod ${oneOf(methods)}`, method ?? 'an unknown one');
  }
  const reasons = demanded(seeds.reasons);
  if (reasons !== undefined) {
    assertReason(reasons, reason);
  }
  if ((demanded(seeds.legalAttestations)?.length ?? 0) > 0) {
    unmet('a LegalAttestation', 'none, which is all that can be written');
  }
  if (demanded(seeds.addRevocationInfo) === true) {
    // adbe-revocationInfoArchival has no place in CAdES; evidence goes into /DSS (ETSI EN 319 142-1, 5.4).
    unmet('revocation information inside of the signature (AddRevInfo)', `${subFilter}, which has none`);
  }
  const appearance = demanded(seeds.appearanceFilter);
  if (appearance !== undefined) {
    unmet(`the appearance ${JSON.stringify(appearance)}`, 'no appearance of that name');
  }
  if (seeds.timestamp?.required === true && signer.timestamped !== true && subFilter !== 'ETSI.RFC3161') {
    unmet('a signature with a time-stamp', 'one without');
  }
  // The file must not decide by itself that the official certifies, so that it is asked for or refused.
  if (seeds.mdp !== undefined && seeds.mdp !== (certify ?? 0)) {
    unmet(seeds.mdp === 0 ? 'an ordinary signature' : `a certification with P ${seeds.mdp}`, describe(certify));
  }
  if (seeds.certificate !== undefined) {
    assertCertificate(seeds.certificate, signer);
  }
}

function unmet(expected: string, found: string): never {
  throw new PdfError('FIELD_UNUSABLE', `${expected}, as a seed value of the field requires`, found);
}

function demanded<T>(seed: Seed<T> | undefined): T | undefined {
  return seed?.required === true ? seed.value : undefined;
}

function assertReason(reasons: readonly string[], reason: string | undefined): void {
  const given = reason === undefined || reason === '' ? undefined : reason;
  const mustBeAbsent = reasons.length === 0 || (reasons.length === 1 && reasons[0] === '.');
  if (mustBeAbsent) {
    if (given !== undefined) {
      unmet('no reason', JSON.stringify(given));
    }
  } else if (given === undefined || !reasons.includes(given)) {
    unmet(`the reason ${oneOf(reasons.map((text) => JSON.stringify(text)))}`, JSON.stringify(given ?? null));
  }
}

function assertCertificate(
  { required, subjects, issuers }: NonNullable<SeedValues['certificate']>,
  { certificateDer, issuersDer = [] }: SignerFacts,
): void {
  for (const key of required) {
    if (key !== 'Subject' && key !== 'Issuer') {
      unmet(`a certificate chosen by ${key}`, 'a choice by Subject and Issuer only');
    }
  }
  if (required.includes('Subject') && !(certificateDer !== undefined && isListed(subjects, certificateDer))) {
    unmet(`one of ${subjects.length} certificates`, 'another certificate');
  }
  if (required.includes('Issuer') && !issuersDer.some((der) => isListed(issuers, der))) {
    unmet(`a certificate below one of ${issuers.length} issuers`, 'a certificate of another issuer');
  }
}

function isListed(list: readonly Uint8Array[], der: Uint8Array): boolean {
  return list.some((item) => asBuffer(item).equals(der));
}

function describe(certify: MdpPermission | undefined): string {
  return certify === undefined ? 'an ordinary signature' : `a certification with P ${certify}`;
}

/** The file's own words are cut, so that a message stays a message. */
function oneOf(values: readonly string[]): string {
  const shown = values.slice(0, 8).map((value) => value.slice(0, 80));
  return shown.join(', ') + (values.length > shown.length ? ' …' : '');
}
