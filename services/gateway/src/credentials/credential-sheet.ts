import {
  enrolmentSchema,
  importFault,
  weekdays,
  type CredentialRecord,
  type Enrolment,
  type ImportFault,
} from '@kyso/contracts';
import { shortened, type CsvRow } from '../csv/csv.js';

/** Headings of the spreadsheet of credentials, as the fields of an enrolment. */
export const credentialColumns = [
  'credentialId',
  'kind',
  'owner',
  'organisation',
  'token',
  'keyLabel',
  'keyId',
  'scheme',
  'digestAlgorithm',
  'roles',
  'clients',
  'users',
  'hours',
  'register',
  'certificatesPem',
] as const;
export type CredentialColumn = (typeof credentialColumns)[number];

/**
 * The enrolment that a row asks for; faults where it can't be asked for. Lists are separated by spaces or commas. `clients`:
 * `igate=leader digitised; other=leader`. `hours`: `monday tuesday 07:00-11:30; saturday 07:00-12:00`, or `all` for all days. A
 * separator alone is an empty list, which is not the same as none: nobody instead of everybody.
 */
export function readCredentialRow({ line, cells }: CsvRow<CredentialColumn>): Enrolment | readonly ImportFault[] {
  const { roles, clients, users, hours, ...plain } = cells;
  const parsed = enrolmentSchema.safeParse({
    ...plain,
    ...(roles === undefined ? {} : { roles: listOf(roles) }),
    ...(clients === undefined ? {} : { clients: clientsOf(clients) }),
    ...(users === undefined ? {} : { users: listOf(users) }),
    ...(hours === undefined ? {} : { hours: partsOf(hours).map(hoursOf) }),
  });
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) => {
    // What concerns two columns has no path: which key it is.
    const column = credentialColumns.find((one) => one === path[0]) ?? 'keyLabel';
    const cell = cells[column];
    const facts = { line, column, messageEn: message };
    if (cell === undefined) return importFault('VALUE_MISSING', facts);
    return importFault('VALUE_INVALID', { ...facts, found: shortened(cell) });
  });
}

/** The row that enrols the same key in the same way again; its key by `keyId`, which is the one that is sure. */
export function writeCredentialRow(record: CredentialRecord): CsvRow<CredentialColumn>['cells'] {
  const { roles, clients, users, hours, ...plain } = record;
  const { credentialId, kind, owner, organisation, token, keyId, scheme, digestAlgorithm, register, certificatesPem } =
    plain;
  const cells: Partial<Record<CredentialColumn, string | undefined>> = {
    credentialId,
    kind,
    owner,
    organisation,
    token,
    keyId,
    scheme,
    digestAlgorithm,
    roles: roles && listCell(roles),
    clients: clients && partsCell(Object.entries(clients).map(([client, its]) => `${client}=${listCell(its)}`)),
    users: users && listCell(users),
    hours: hours && partsCell(hours.map(({ days, from, until }) => `${listCell(days)} ${from}-${until}`)),
    register,
    certificatesPem,
  };
  return Object.fromEntries(
    Object.entries(cells).flatMap(([column, cell]) => (cell === undefined ? [] : [[column, cell]])),
  );
}

/** True when an import of the enrolment would make what is there already. */
export function isEnrolledSo(record: CredentialRecord, wanted: CredentialRecord): boolean {
  return essenceOf(record) === essenceOf(wanted);
}

function essenceOf(record: CredentialRecord): string {
  const { enabled: _enabled, revision: _revision, delegations: _delegations, former: _former, ...rest } = record;
  return JSON.stringify(Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

/** A comma that belongs to an official's id is written with a backslash before it. */
function listOf(cell: string): string[] {
  return cell
    .split(/\s|(?<!\\),/)
    .filter((item) => item !== '')
    .map((item) => item.replaceAll('\\,', ','));
}

function listCell(items: readonly string[]): string {
  return items.length === 0 ? ',' : items.map((item) => item.replaceAll(',', '\\,')).join(' ');
}

function partsCell(parts: readonly string[]): string {
  return parts.length === 0 ? ';' : parts.join('; ');
}

function partsOf(cell: string): string[] {
  return cell
    .split(/[;\n]/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function clientsOf(cell: string): Record<string, string[]> {
  return Object.fromEntries(
    partsOf(cell).map((part) => {
      const [client = '', roles = ''] = part.split('=', 2);
      return [client.trim(), listOf(roles)];
    }),
  );
}

/** What isn't well formed fails in the schema, as `from` without `until`. */
function hoursOf(part: string): object {
  const words = listOf(part);
  const [from, until] = (words.at(-1) ?? '').split('-', 2);
  const days = words.slice(0, -1);
  return { days: days.length === 1 && days[0] === 'all' ? [...weekdays] : days, from, until };
}
