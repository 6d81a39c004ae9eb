import {
  SigningError,
  failureCodes,
  importFault,
  type ApiClientRecord,
  type ImportFault,
  type ImportReport,
  type Template,
  type TemplateCreation,
} from '@kyso/contracts';
import { readCsv, writeCsv } from '../csv/csv.js';
import type { TemplateOffice } from './template-office.js';
import type { TemplateRegistry } from './template-registry.js';
import { readTemplateRow, templateColumns, writeTemplateRow, type TemplateColumn } from './template-sheet.js';

/** As many as a person corrects at a time. */
const maxFaults = 1_000;

interface Row {
  readonly line: number;
  readonly creation: TemplateCreation;
}
/** A row that can be imported, and what is there of its template. */
interface CheckedRow {
  readonly line: number;
  readonly template: Template;
  readonly before: Template | undefined;
}

/** Templates of hundreds of officials from a spreadsheet, and back. */
export class TemplateImport {
  constructor(private readonly parts: { readonly office: TemplateOffice; readonly registry: TemplateRegistry }) {}

  /** Those that the client may see, as a CSV file that `run` takes. */
  async export(client: ApiClientRecord): Promise<string> {
    const templates = (await this.parts.registry.list(client)).filter(({ disabled }) => !disabled);
    return writeCsv(templateColumns, templates.map(writeTemplateRow));
  }

  /**
   * Checks every row before anything is written; with one fault nothing is. A row makes a template or its next version, or leaves
   * it where it is so already: an import that was cut off is completed by another one. Throws REQUEST_INVALID, RATE_LIMITED,
   * STORE_….
   */
  async run(client: ApiClientRecord, file: Buffer, { dryRun }: { readonly dryRun: boolean }): Promise<ImportReport> {
    const { rows: found, faults: headings } = readCsv(file, templateColumns);
    const faults: ImportFault[] = [...headings];
    const rows: Row[] = [];
    for (const row of found) {
      const read = readTemplateRow(row);
      if ('templateId' in read) rows.push({ line: row.line, creation: read });
      else faults.push(...read);
    }
    faults.push(...repeats(rows));
    const checked = await this.check(client, rows, faults);
    const mayWrite = faults.length === 0 && !dryRun;
    const report: ImportReport = {
      dryRun,
      imported: mayWrite,
      rows: found.length,
      created: [],
      changed: [],
      unchanged: [],
      faults: faults.toSorted((a, b) => a.line - b.line).slice(0, maxFaults),
      warnings: checked
        .flatMap(({ line, template }) => template.warnings.map((warning) => ({ line, ...warning })))
        .slice(0, maxFaults),
    };
    for (const row of checked) {
      const list = row.before === undefined ? report.created : isSame(row) ? report.unchanged : report.changed;
      if (mayWrite && list !== report.unchanged) await this.write(row);
      list.push(row.template.templateId);
    }
    return report;
  }

  private async check(client: ApiClientRecord, rows: readonly Row[], faults: ImportFault[]): Promise<CheckedRow[]> {
    const { office, registry } = this.parts;
    const templates = await office.checkAll(
      client,
      rows.map(({ creation }) => creation),
    );
    const checked: CheckedRow[] = [];
    for (const [index, { line, creation }] of rows.entries()) {
      const template = templates[index];
      if (template instanceof SigningError) faults.push(faultOf(template, line));
      else if (template !== undefined) {
        checked.push({ line, template, before: await registry.latest(creation.templateId) });
      }
    }
    return checked;
  }

  private async write({ template, before }: CheckedRow): Promise<void> {
    const next = { ...template, version: (before?.version ?? 0) + 1 };
    if (await this.parts.registry.add(next)) return;
    throw new SigningError('TEMPLATE_STALE', { found: `${next.templateId}, which somebody else changed meanwhile` });
  }
}

/** True when the spreadsheet would say the same of both. */
function isSame({ template, before }: CheckedRow): boolean {
  if (before === undefined || before.disabled) return false;
  return JSON.stringify(writeTemplateRow(template)) === JSON.stringify(writeTemplateRow(before));
}

function repeats(rows: readonly Row[]): ImportFault[] {
  const first = new Map<string, number>();
  return rows.flatMap(({ line, creation: { templateId } }) => {
    const before = first.get(templateId);
    if (before === undefined) first.set(templateId, line);
    if (before === undefined) return [];
    const column = 'templateId' satisfies TemplateColumn;
    return [importFault('ID_REPEATED', { line, column, detail: String(before), found: templateId })];
  });
}

function faultOf(error: SigningError, line: number): ImportFault {
  const columns: Partial<Record<typeof error.code, TemplateColumn>> = {
    CREDENTIAL_UNKNOWN: 'credentialId',
    IMAGE_INVALID: 'image',
    TEXT_NOT_DRAWABLE: 'lines',
    REQUEST_INVALID: 'lines',
  };
  const column = columns[error.code];
  return {
    line,
    ...(column === undefined ? {} : { column }),
    code: error.code,
    messageVi: failureCodes[error.code].vi,
    messageEn: error.message,
    ...(error.found === undefined ? {} : { found: error.found }),
  };
}
