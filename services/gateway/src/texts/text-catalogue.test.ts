import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import type { BilingualText } from '@kyso/contracts';
import { textCatalogue } from './text-catalogue.js';

interface Schema {
  readonly enum?: readonly (string | number | boolean)[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly $ref?: string;
}
interface Parameter {
  readonly name: string;
  readonly schema?: Schema;
}
interface Description {
  readonly paths: Record<string, Record<string, { readonly parameters?: readonly Parameter[] }>>;
  readonly components: { readonly schemas: Record<string, Schema> };
}
// What is committed is what the service says: ../openapi/document.test.ts.
const { paths, components } = JSON.parse(
  await readFile(new URL('../../../../../docs/openapi.json', import.meta.url), 'utf8'),
) as Description;

/** Enumerations that only programs read, or that are written alike in every language. */
const withoutTexts = new Set([
  'DigestAlgorithm',
  'ActivationKey.kty',
  'ActivationKey.use',
  'ActivationKey.alg',
  'ActivationKey.crv',
  'WebhookKey.kty',
  'WebhookKey.use',
  'WebhookKey.alg',
  'WebhookKey.crv',
  'Document.source.mediaType',
  'BatchSource.kind',
  'get /v1/batches/{batchId}/results format',
  'get /v1/credentials all',
  'post /v1/credentials/import dryRun',
  'post /v1/templates/import dryRun',
  'get /v1/templates/{templateId}/preview format',
]);

/** Enumerations without a schema of their own: some of the values of a group, or values of an object’s field. */
const groupOfField: Readonly<Record<string, string>> = {
  'CredentialDetail.revocation.certificates.status': 'RevocationStatus',
  'CredentialDetail.revocation.certificates.source': 'RevocationSource',
  'SignatureReport.revocation.status': 'RevocationStatus',
  'SignatureReport.revocation.source': 'RevocationSource',
  'StepResult.revocation': 'RevocationStatus',
  'SigningPolicy.revocation': 'RevocationCheck',
  'SigningPolicy.certify': 'Certification',
  'BatchRetry.statuses': 'BatchItemStatus',
  'BatchWindow.atEnd': 'BatchWindowEnd',
  'get /v1/batches/{batchId}/items status': 'BatchItemStatus',
  'get /v1/batches/{batchId}/results status': 'BatchItemStatus',
  'TemplateOwner.kind': 'TemplateOwner',
  'get /v1/templates type': 'TemplateType',
  'SigningJobEnd.status': 'JobStatus',
  'WebhookEvent.type': 'WebhookEventType',
};

/** Groups of what the interface describes as text only: words of reports, and of whoever takes a token out of use. */
const groupsOfStrings = ['ReasonCode', 'SubIndication', 'QuarantineReason'];

/** Every enumeration under a schema: where it stands, and its values. A part that has a name is looked at under that name. */
function enumerations(schema: Schema, at: string): [string, string[]][] {
  const here: [string, string[]][] = [];
  const values = (schema.enum ?? []).filter((value) => typeof value !== 'boolean').map(String);
  if (values.length > 0) here.push([at, values]);
  const parts = [
    ...(schema.anyOf ?? []),
    ...(schema.allOf ?? []),
    ...(schema.oneOf ?? []),
    ...(schema.items ? [schema.items] : []),
  ];
  if (typeof schema.additionalProperties === 'object') parts.push(schema.additionalProperties);
  // A schema that is one of several, as a level or none, has the values of all.
  if (schema.$ref !== undefined && !at.includes('.')) here.push(...enumerations(referred(schema.$ref), at));
  here.push(...parts.flatMap((part) => enumerations(part, at)));
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    here.push(...enumerations(property, `${at}.${name}`));
  }
  return here;
}

function referred($ref: string): Schema {
  const found = components.schemas[$ref.replace('#/components/schemas/', '')];
  if (found === undefined) throw new Error(`${$ref} is not there`);
  return found;
}

function merged(found: readonly (readonly [string, readonly string[]])[]): Map<string, Set<string>> {
  const all = new Map<string, Set<string>>();
  for (const [at, values] of found) {
    const before = all.get(at) ?? new Set<string>();
    all.set(at, new Set([...before, ...values]));
  }
  return all;
}

const parameters = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).flatMap(([method, operation]) =>
    (operation.parameters ?? []).flatMap(({ name, schema = {} }) =>
      schema.$ref === undefined ? enumerations(schema, `${method} ${path} ${name}`) : [],
    ),
  ),
);
const described = merged([
  ...Object.entries(components.schemas).flatMap(([name, schema]) => enumerations(schema, name)),
  ...parameters,
]);
const read = [...described].filter(([at]) => !withoutTexts.has(at));
const valuesOfGroup = merged(read.map(([at, values]) => [groupOfField[at] ?? at, [...values]]));
const groups = Object.entries(textCatalogue.groups);
const texts = groups.flatMap(([group, rows]) =>
  Object.entries(rows).map(([code, row]) => [`${group} ${code}`, row] as const),
);

const namesOf = (isWrong: (row: BilingualText) => boolean): string[] =>
  texts.filter(([, row]) => isWrong(row)).map(([name]) => name);

describe('the texts that officials read', () => {
  it('are there for every enumeration of the interface that people read', () => {
    expect([...valuesOfGroup.keys()].filter((group) => textCatalogue.groups[group] === undefined)).toEqual([]);
    expect(valuesOfGroup.size).toBeGreaterThan(30);
  });

  it('are there for every value of it, and for no other', () => {
    for (const [group, values] of valuesOfGroup) {
      expect([group, Object.keys(textCatalogue.groups[group] ?? {}).sort()]).toEqual([group, [...values].sort()]);
    }
  });

  it('are there for every field of the objects that have a group', () => {
    const objects = groups.filter(([group]) => !valuesOfGroup.has(group) && !groupsOfStrings.includes(group));
    expect(objects.length).toBeGreaterThan(3);
    for (const [group, rows] of objects) {
      const fields = Object.keys(components.schemas[group]?.properties ?? {});
      expect([group, Object.keys(rows).sort()]).toEqual([group, fields.sort()]);
    }
  });

  it('are known by no name that the interface has given up', () => {
    for (const at of [...withoutTexts, ...Object.keys(groupOfField)]) expect([...described.keys()]).toContain(at);
    for (const group of groupsOfStrings) expect(Object.keys(textCatalogue.groups)).toContain(group);
  });

  it('are Vietnamese and English, both there and not the same', () => {
    expect(texts.length).toBeGreaterThan(300);
    expect(namesOf(({ vi, en }) => vi.length < 2 || en.length < 2 || vi === en)).toEqual([]);
    expect(namesOf(({ vi, en }) => vi !== vi.trim() || en !== en.trim())).toEqual([]);
  });

  it('are in Unicode NFC, without characters that cannot be seen', () => {
    expect(namesOf(({ vi, en }) => vi !== vi.normalize('NFC') || en !== en.normalize('NFC'))).toEqual([]);
    const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\u00A0]/u;
    expect(namesOf(({ vi, en }) => unseen.test(vi) || unseen.test(en))).toEqual([]);
  });

  it('have one spelling of each word: khoá and huỷ, never beside khóa and hủy', () => {
    const otherSpelling = /[óòỏõọ][ae](?!\p{L})|[úùủũụ]y(?!\p{L})/iu;
    expect(otherSpelling.test('khóa')).toBe(true);
    expect(namesOf(({ vi }) => otherSpelling.test(vi))).toEqual([]);
  });

  it('are each in its own language', () => {
    // A Vietnamese text of several words has a letter that English lacks.
    expect(namesOf(({ vi }) => /\s/.test(vi) && /^\p{ASCII}*$/u.test(vi))).toEqual([]);
    const decree = 'Nghị định 30/2020/NĐ-CP';
    expect(namesOf(({ en }) => /[ăâđêôơưạ-ỹ]/iu.test(en.replace(decree, '')))).toEqual([]);
  });
});
