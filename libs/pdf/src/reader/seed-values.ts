import { decodeText } from '../syntax/strings.js';
import { type Dictionary, Name, PdfArray, PdfString, type PdfValue } from '../syntax/values.js';
import type { Seed, SeedValues } from '../types.js';
import type { ObjectView } from './objects.js';

/** Positions in /Ff of a seed value dictionary (ISO 32000-2, table 237), 1-based. */
const requirementBits = {
  Filter: 1,
  SubFilter: 2,
  V: 3,
  Reasons: 4,
  LegalAttestation: 5,
  AddRevInfo: 6,
  DigestMethod: 7,
  LockDocument: 8,
  AppearanceFilter: 9,
} as const;

/** The same for a certificate seed value dictionary (table 238); position 5 is reserved. */
const certificateBits = { Subject: 1, Issuer: 2, OID: 3, SubjectDN: 4, KeyUsage: 6, URL: 7 } as const;
/** Keys of table 238 without a bit: they describe a signature policy, which is meant to be followed. */
const policyKeys = ['SignaturePolicyOID', 'SignaturePolicyCommitmentType'];
const flagBits = 32;

/** Reads /SV of a signature field. A value of the wrong type counts as none, its bit as required. */
export async function readSeedValues(view: ObjectView, dictionary: Dictionary): Promise<SeedValues> {
  const flags = await readFlags(view, dictionary);
  const required = (key: keyof typeof requirementBits): boolean => hasBit(flags, requirementBits[key]);
  const [filter, lock] = [await readName(view, dictionary, 'Filter'), await readName(view, dictionary, 'LockDocument')];
  const version = await view.resolve(dictionary.get('V'));
  const addRevocationInfo = await view.resolve(dictionary.get('AddRevInfo'));
  const reasons = await readTexts(view, dictionary.get('Reasons'));
  const attestations = await readTexts(view, dictionary.get('LegalAttestation'));
  const appearanceFilter = (await readTexts(view, dictionary.get('AppearanceFilter')))?.[0];
  const mdp = await view.resolve((await view.dictionary(dictionary.get('MDP')))?.get('P'));
  const timestamp = await view.dictionary(dictionary.get('TimeStamp'));
  const certificate = await view.dictionary(dictionary.get('Cert'));
  const lockDocument: 'true' | 'false' | 'auto' | undefined =
    lock === 'true' || lock === 'false' || lock === 'auto' ? lock : undefined;
  return {
    ...seed('version', typeof version === 'number' ? version : undefined, required('V')),
    ...seed('filter', filter, required('Filter')),
    ...seed('subFilters', await readNames(view, dictionary.get('SubFilter')), required('SubFilter')),
    ...seed('digestMethods', await readNames(view, dictionary.get('DigestMethod')), required('DigestMethod')),
    // Required but left out: there must be no reason.
    ...seed('reasons', reasons ?? (required('Reasons') ? [] : undefined), required('Reasons')),
    ...seed('legalAttestations', attestations, required('LegalAttestation')),
    ...seed(
      'addRevocationInfo',
      typeof addRevocationInfo === 'boolean' ? addRevocationInfo : undefined,
      required('AddRevInfo'),
    ),
    ...seed<'lockDocument', 'true' | 'false' | 'auto'>('lockDocument', lockDocument, required('LockDocument')),
    ...seed('appearanceFilter', appearanceFilter, required('AppearanceFilter')),
    ...(typeof mdp === 'number' ? { mdp } : {}),
    ...(timestamp === undefined ? {} : { timestamp: await readTimestamp(view, timestamp) }),
    ...(certificate === undefined ? {} : { certificate: await readCertificate(view, certificate) }),
    unknownRequirements: unknownBits(flags, Object.values(requirementBits)),
  };
}

function seed<K extends keyof SeedValues, T>(
  key: K,
  value: T | undefined,
  required: boolean,
): { readonly [key in K]?: Seed<T> } {
  return value === undefined ? {} : ({ [key]: { value, required } } as { readonly [key in K]: Seed<T> });
}

async function readTimestamp(view: ObjectView, dictionary: Dictionary): Promise<NonNullable<SeedValues['timestamp']>> {
  const url = (await readTexts(view, dictionary.get('URL')))?.[0];
  const required = ((await readFlags(view, dictionary)) & 1) === 1;
  return url === undefined ? { required } : { url, required };
}

async function readCertificate(
  view: ObjectView,
  dictionary: Dictionary,
): Promise<NonNullable<SeedValues['certificate']>> {
  const flags = await readFlags(view, dictionary);
  const required = Object.entries(certificateBits).flatMap(([key, bit]) => (hasBit(flags, bit) ? [key] : []));
  const unknown = unknownBits(flags, Object.values(certificateBits)).map((bit) => `bit ${bit} of /Ff`);
  return {
    required: [...required, ...policyKeys.filter((key) => dictionary.entries.has(key)), ...unknown],
    subjects: await readBytes(view, dictionary.get('Subject')),
    issuers: await readBytes(view, dictionary.get('Issuer')),
  };
}

async function readFlags(view: ObjectView, dictionary: Dictionary): Promise<number> {
  const flags = await view.resolve(dictionary.get('Ff'));
  return typeof flags === 'number' ? flags : 0;
}

function hasBit(flags: number, position: number): boolean {
  return (flags & (1 << (position - 1))) !== 0;
}

function unknownBits(flags: number, known: readonly number[]): number[] {
  const positions = Array.from({ length: flagBits }, (_, index) => index + 1);
  return positions.filter((position) => hasBit(flags, position) && !known.includes(position));
}

async function readName(view: ObjectView, dictionary: Dictionary, key: string): Promise<string | undefined> {
  const value = await view.resolve(dictionary.get(key));
  return value instanceof Name ? value.value : undefined;
}

async function readItems(view: ObjectView, value: PdfValue | undefined): Promise<PdfValue[] | undefined> {
  const resolved = await view.resolve(value);
  if (resolved === null) {
    return undefined;
  }
  // A single value stands for an array of one in files of some producers.
  const items = resolved instanceof PdfArray ? resolved.items : [resolved];
  const read: PdfValue[] = [];
  for (const item of items) {
    read.push(await view.resolve(item));
  }
  return read;
}

async function readNames(view: ObjectView, value: PdfValue | undefined): Promise<string[] | undefined> {
  const items = await readItems(view, value);
  return items?.flatMap((item) => (item instanceof Name ? [item.value] : []));
}

async function readTexts(view: ObjectView, value: PdfValue | undefined): Promise<string[] | undefined> {
  const items = await readItems(view, value);
  return items?.flatMap((item) => (item instanceof PdfString ? [decodeText(item.decoded())] : []));
}

async function readBytes(view: ObjectView, value: PdfValue | undefined): Promise<Buffer[]> {
  const items = (await readItems(view, value)) ?? [];
  return items.flatMap((item) => (item instanceof PdfString ? [Buffer.from(item.decoded())] : []));
}
