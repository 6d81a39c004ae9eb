import {
  failureCodes,
  importFault,
  SigningError,
  type CredentialRecord,
  type Enrolment,
  type ImportFault,
  type ImportReport,
} from '@kyso/contracts';
import { readCsv, writeCsv } from '../csv/csv.js';
import type { CredentialBook } from './credential-book.js';
import type { Administration, CredentialOffice } from './credential-office.js';
import type { CredentialRegistry } from './credential-registry.js';
import {
  credentialColumns,
  isEnrolledSo,
  readCredentialRow,
  writeCredentialRow,
  type CredentialColumn,
} from './credential-sheet.js';

/** As many as a person corrects at a time. */
const maxFaults = 1_000;

interface CheckedRow {
  readonly record: CredentialRecord;
  /** Enrolled already, just so. */
  readonly isThere: boolean;
}

/** Enrols the credentials of a spreadsheet, and back: a province has hundreds of officials. */
export class CredentialImport {
  constructor(
    private readonly parts: {
      readonly office: Pick<CredentialOffice, 'check' | 'enrolChecked'>;
      readonly book: Pick<CredentialBook, 'current'>;
      readonly registry: Pick<CredentialRegistry, 'all'>;
    },
  ) {}

  /**
   * Those that are not switched off, by id, as a CSV file that `run` takes. What the sheet has no column for is not in it:
   * delegations, former keys, the record of changes. Throws STORE_UNAVAILABLE.
   */
  async export(): Promise<string> {
    const records = (await this.parts.registry.all()).map(({ record }) => record);
    return writeCsv(credentialColumns, records.filter(({ enabled }) => enabled).map(writeCredentialRow));
  }

  /**
   * Checks every row before anything is enrolled; with one fault nothing is. A row whose credential is enrolled just so
   * changes nothing, so that an import which was cut off is completed by another one; what is enrolled otherwise is a fault.
   * Throws REQUEST_INVALID for what is no CSV file, STORE_UNAVAILABLE.
   */
  async run(file: Buffer, by: Administration, { dryRun }: { readonly dryRun: boolean }): Promise<ImportReport> {
    const { rows, faults } = readCsv(file, credentialColumns);
    const checked: CheckedRow[] = [];
    const lines = new Map<string, number>();
    for (const row of rows) {
      const read = readCredentialRow(row);
      if (!('credentialId' in read)) {
        faults.push(...read);
        continue;
      }
      const found = repeated(read, row.line, lines) ?? (await this.check(read, row.line));
      if ('record' in found) checked.push(found);
      else faults.push(found);
    }
    const imported = faults.length === 0 && !dryRun;
    const missing = checked.filter(({ isThere }) => !isThere);
    if (imported) for (const { record } of missing) await this.enrol(record, by);
    return {
      dryRun,
      imported,
      rows: rows.length,
      created: missing.map(({ record }) => record.credentialId),
      changed: [],
      unchanged: checked.filter(({ isThere }) => isThere).map(({ record }) => record.credentialId),
      faults: faults.toSorted((a, b) => a.line - b.line).slice(0, maxFaults),
      warnings: [],
    };
  }

  private async check(enrolment: Enrolment, line: number): Promise<CheckedRow | ImportFault> {
    try {
      const [record, current] = await Promise.all([
        this.parts.office.check(enrolment),
        this.parts.book.current(enrolment.credentialId),
      ]);
      if (current !== undefined && !isEnrolledSo(current, record)) {
        throw new SigningError('CREDENTIAL_EXISTS', {
          expected: 'a new id, or the same settings',
          found: record.credentialId,
        });
      }
      return { record, isThere: current !== undefined };
    } catch (error) {
      if (!(error instanceof SigningError) || failureCodes[error.code].httpStatus >= 500) throw error;
      return faultOf(error, line);
    }
  }

  private async enrol(record: CredentialRecord, by: Administration): Promise<void> {
    try {
      await this.parts.office.enrolChecked(record, by, undefined);
    } catch (error) {
      // Somebody else, or another run of the same import, was faster.
      const current = await this.parts.book.current(record.credentialId);
      if (current === undefined || !isEnrolledSo(current, record)) throw error;
    }
  }
}

function repeated({ credentialId }: Enrolment, line: number, lines: Map<string, number>): ImportFault | undefined {
  const before = lines.get(credentialId);
  if (before === undefined) {
    lines.set(credentialId, line);
    return undefined;
  }
  return importFault('ID_REPEATED', { line, column: 'credentialId', detail: String(before), found: credentialId });
}

function faultOf(error: SigningError, line: number): ImportFault {
  const { code, found } = error;
  const columns: Partial<Record<typeof code, CredentialColumn>> = {
    CREDENTIAL_EXISTS: 'credentialId',
    CERTIFICATE_MISMATCH: 'certificatesPem',
    CERTIFICATE_UNTRUSTED: 'certificatesPem',
    CERTIFICATE_UNFIT: 'scheme',
  };
  const column = columns[code];
  const facts = {
    line,
    ...(column === undefined ? {} : { column }),
    messageEn: error.message,
    ...(found === undefined ? {} : { found }),
  };
  // The text of REQUEST_INVALID speaks of a request.
  if (code === 'REQUEST_INVALID') return importFault('CREDENTIAL_UNUSABLE', facts);
  return { ...facts, code, messageVi: failureCodes[code].vi };
}
