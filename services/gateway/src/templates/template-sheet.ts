import {
  importFault,
  lineLabels,
  templateCreationSchema,
  type ImportFault,
  type Template,
  type TemplateCreation,
  type TemplateLine,
} from '@kyso/contracts';
import { shortened, type CsvRow } from '../csv/csv.js';
import { presets } from './presets.js';
import { lineText } from './resolve-template.js';

/** Headings of the spreadsheet of templates. Only the first two need a cell; the others have the preset's value without one. */
export const templateColumns = [
  'templateId',
  'type',
  'name',
  'credentialId',
  'display',
  'image',
  'lines',
  'widthPt',
  'heightPt',
  'fontSizePt',
  'color',
  'fontStyle',
  'align',
  'page',
  'place',
  'xPt',
  'yPt',
  'anchorText',
  'anchorBelow',
  'anchorPage',
  'anchorOccurrence',
  'side',
  'offsetXPt',
  'offsetYPt',
  'covering',
  'field',
  'policy',
] as const;
export type TemplateColumn = (typeof templateColumns)[number];
type Cells = CsvRow<TemplateColumn>['cells'];

/** In front of a line that is not shown. */
const hiddenMark = '# ';

/** What a row asks for; faults where it can't be asked for. An image is base64, or the SHA-256 of one that is stored. */
export function readTemplateRow({ line, cells }: CsvRow<TemplateColumn>): TemplateCreation | readonly ImportFault[] {
  const preset = presets.find(({ type }) => type === cells.type);
  if (preset === undefined) {
    const types = [...new Set(presets.map(({ type }) => type))].join(', ');
    const found = cells.type === undefined ? {} : { found: shortened(cells.type) };
    return [importFault('TEMPLATE_TYPE_UNKNOWN', { line, column: 'type', detail: types, ...found })];
  }
  const { needsImage: _needs, rule: _rule, ...defaults } = preset;
  const parsed = templateCreationSchema.safeParse({
    ...defaults,
    templateId: cells.templateId,
    type: cells.type,
    ...(cells.name === undefined ? {} : { name: cells.name }),
    ...(cells.credentialId === undefined ? {} : { owner: { kind: 'credential', credentialId: cells.credentialId } }),
    ...(cells.display === undefined ? {} : { display: cells.display }),
    ...(cells.lines === undefined ? {} : { lines: readLines(cells.lines) }),
    ...numbers(cells, ['widthPt', 'heightPt', 'fontSizePt']),
    ...texts(cells, ['color', 'fontStyle', 'align', 'policy']),
    ...place(cells),
    ...(cells.image === undefined
      ? {}
      : /^[0-9a-f]{64}$/.test(cells.image)
        ? { imageSha256: cells.image }
        : { imageBase64: cells.image }),
  });
  if (parsed.success) return parsed.data;
  return parsed.error.issues.map(({ path, message }) => {
    const column = columnOf(path, message);
    const cell = cells[column];
    const facts = { line, column, messageEn: message };
    // The fault may be in one of several columns that make a place, so that this cell is rightly empty.
    if (cell === undefined) return importFault('VALUE_MISSING_OR_INVALID', facts);
    return importFault('VALUE_INVALID', { ...facts, found: shortened(cell) });
  });
}

/** The row that makes the same template again. */
export function writeTemplateRow(template: Template): Cells {
  const { place: where, owner } = template;
  const fixed =
    where === undefined ? undefined : 'page' in where ? where : 'anchor' in where ? where.otherwise : undefined;
  const anchor = where !== undefined && 'anchor' in where ? where : undefined;
  const offset = anchor?.offset ?? (fixed !== undefined && 'place' in fixed ? fixed.offset : undefined);
  const cells: Partial<Record<TemplateColumn, string | number | undefined>> = {
    templateId: template.templateId,
    type: template.type,
    name: template.name,
    credentialId: owner.kind === 'credential' ? owner.credentialId : undefined,
    display: template.display,
    image: template.imageSha256,
    lines: template.lines.map((one) => `${one.shown ? '' : hiddenMark}${lineText(one)}`).join('\n'),
    widthPt: template.widthPt,
    heightPt: template.heightPt,
    fontSizePt: template.fontSizePt,
    color: template.color,
    policy: template.policy,
    fontStyle: template.fontStyle,
    align: template.align,
    page: fixed?.page,
    place: fixed !== undefined && 'place' in fixed ? fixed.place : undefined,
    xPt: fixed !== undefined && 'xPt' in fixed ? fixed.xPt : undefined,
    yPt: fixed !== undefined && 'yPt' in fixed ? fixed.yPt : undefined,
    anchorText: anchor?.anchor.text,
    anchorBelow: anchor?.anchor.below,
    anchorPage: anchor?.anchor.page,
    anchorOccurrence: anchor?.anchor.occurrence,
    side: anchor?.side,
    offsetXPt: offset?.xPt,
    offsetYPt: offset?.yPt,
    covering: where !== undefined && 'covering' in where ? coveringCell(where.covering) : undefined,
    field: where !== undefined && 'field' in where ? where.field : undefined,
  };
  return Object.fromEntries(
    Object.entries(cells).flatMap(([column, cell]) => (cell === undefined ? [] : [[column, String(cell)]])),
  );
}

type Covering = Extract<NonNullable<Template['place']>, { covering: unknown }>['covering'];

function coveringCell(covering: Covering): string {
  if (covering === 'latest') return covering;
  return 'field' in covering ? `field ${covering.field}` : `step ${covering.step}`;
}

/** The place that the row names; nothing where it names none, so that the preset's counts. */
function place(cells: Cells): { place?: object } {
  if (cells.field !== undefined) return { place: { field: cells.field } };
  if (cells.covering !== undefined) {
    const [, kind, value = ''] = /^(field|step) (.+)$/.exec(cells.covering) ?? [];
    const covering = kind === 'field' ? { field: value } : kind === 'step' ? { step: Number(value) } : cells.covering;
    return { place: { covering } };
  }
  const { anchorPage, offsetXPt = '0', offsetYPt = '0' } = cells;
  const offset =
    offsetXPt === '0' && offsetYPt === '0' ? {} : { offset: { xPt: Number(offsetXPt), yPt: Number(offsetYPt) } };
  const page = cells.page === undefined || cells.page === 'last' ? cells.page : Number(cells.page);
  const fixed =
    cells.place === undefined
      ? cells.xPt === undefined
        ? undefined
        : { page: page ?? 1, xPt: Number(cells.xPt), yPt: Number(cells.yPt) }
      : { page: page ?? 1, place: cells.place, ...(cells.anchorText === undefined ? offset : {}) };
  if (cells.anchorText === undefined) return fixed === undefined ? {} : { place: fixed };
  const anchor = {
    text: cells.anchorText,
    ...(cells.anchorBelow === undefined ? {} : { below: cells.anchorBelow }),
    ...(anchorPage === undefined ? {} : { page: anchorPage === 'last' ? anchorPage : Number(anchorPage) }),
    ...(cells.anchorOccurrence === undefined ? {} : { occurrence: cells.anchorOccurrence }),
  };
  const side = cells.side === undefined ? {} : { side: cells.side };
  return { place: { anchor, ...side, ...offset, ...(fixed === undefined ? {} : { otherwise: fixed }) } };
}

const kinds = Object.keys(lineLabels) as TemplateLine['kind'][];

/** One line each; what is written as a label with its value, or as a value, is a line of that kind. */
function readLines(cell: string): TemplateLine[] {
  return cell.split(/\r?\n/).map((written) => {
    const shown = !written.startsWith(hiddenMark);
    const text = shown ? written : written.slice(hiddenMark.length);
    for (const kind of kinds) {
      for (const labelled of [true, false]) {
        const line: TemplateLine = { kind, shown, labelled };
        if (kind !== 'text' && lineText(line) === text) return line;
      }
    }
    return { kind: 'text', text, shown, labelled: false };
  });
}

function numbers(cells: Cells, columns: readonly TemplateColumn[]): object {
  // A spreadsheet in Vietnamese writes 10,5.
  return Object.fromEntries(
    columns.flatMap((column) => {
      const cell = cells[column];
      return cell === undefined ? [] : [[column, Number(cell.replace(',', '.'))]];
    }),
  );
}

function texts(cells: Cells, columns: readonly TemplateColumn[]): object {
  return Object.fromEntries(
    columns.flatMap((column) => (cells[column] === undefined ? [] : [[column, cells[column]]])),
  );
}

/** The heading under which a fault of the template is to be looked for. */
function columnOf(path: readonly PropertyKey[], message: string): TemplateColumn {
  const [first] = path;
  const known: readonly string[] = templateColumns;
  if (first === 'owner') return 'credentialId';
  if (first === 'place') return 'place';
  if (first === 'imageBase64' || first === 'imageSha256' || (path.length === 0 && message.includes('image')))
    return 'image';
  return typeof first === 'string' && known.includes(first) ? (first as TemplateColumn) : 'templateId';
}
