import { drawFieldText, type FieldText, latin1, number, uprightMatrix } from '../appearance/index.js';
import { PdfError } from '../errors.js';
import { type FieldWidget, type FormField, inheritedAttribute, isDirect, readForm } from '../reader/fields.js';
import type { ObjectView } from '../reader/objects.js';
import type { Rotation } from '../reader/pages.js';
import type { SigningPermissions } from '../reader/permissions.js';
import { readRectangle, type UserRectangle } from '../reader/widgets.js';
import { encodeText } from '../syntax/strings.js';
import { type Dictionary, Name, PdfArray, PdfString, type PdfValue } from '../syntax/values.js';
import type { FontStyle, PrepareOptions } from '../types.js';
import type { Increment } from './increment.js';
import type { ObjectEdits } from './object-edits.js';

/** Positions in /Ff (ISO 32000-2, tables 227 and 231), 1-based. */
const flag = { readOnly: 1, multiline: 13, password: 14, fileSelect: 21, comb: 25, richText: 26 } as const;
/** Of /Flags in a font descriptor: bit position 7 (ISO 32000-2, table 121). */
const italicFlag = 1 << 6;
const slanted = /italic|oblique/i;
const decimalPattern = String.raw`(?:\d+\.?\d*|\.\d+)`;
const colorPattern = new RegExp(
  String.raw`(?:^|\s)(${decimalPattern}\s+g|(?:${decimalPattern}\s+){3}rg|(?:${decimalPattern}\s+){4}k)(?=\s|$)`,
);
/** Of one value, in characters: far above any form's, far below what would fill an increment. */
const maxValueLength = 10_000;
const maxFilled = 200;

/** A text field with the value that it gets and what draws it. */
export interface TextValue {
  readonly field: FormField;
  readonly value: string;
  readonly drawings: readonly { readonly widget: Widget; readonly look: Look }[];
}

type Widget = Pick<FieldWidget, 'dictionary' | 'holder'>;

/** A content stream, ready, and the space that it is drawn in. */
interface Look {
  readonly content: string;
  readonly width: number;
  readonly height: number;
  readonly rotate: Rotation;
  readonly fontStyle?: FontStyle | undefined;
}

/**
 * Reads what the values need; every one that may not or can't be written is refused here. Throws PdfError FIELD_UNUSABLE,
 * CERTIFIED, TEXT_NOT_DRAWABLE, LIMIT_EXCEEDED.
 */
export async function readTextValues(
  view: ObjectView,
  permissions: SigningPermissions,
  fill: NonNullable<PrepareOptions['fill']>,
): Promise<TextValue[]> {
  if (fill.length > maxFilled) {
    throw new PdfError('LIMIT_EXCEEDED', `at most ${maxFilled} fields filled`, String(fill.length));
  }
  const form = await readForm(view);
  const values: TextValue[] = [];
  for (const { fieldName, value } of fill) {
    const found = findTextField(permissions, fieldName);
    if (values.some((other) => other.field.name === found.name)) {
      throw unusable(fieldName, 'one that is filled twice');
    }
    // What no field says, the form says for all of them.
    const field = form === undefined ? found : { ...found, ancestors: [...found.ancestors, form] };
    values.push(await readTextValue(view, field, value.normalize('NFC')));
  }
  return values;
}

function findTextField(permissions: SigningPermissions, fieldName: string): FormField {
  const named = permissions.fields.filter((candidate) => candidate.name === fieldName);
  const [field] = named;
  if (field === undefined || named.length > 1) {
    throw unusable(fieldName, field === undefined ? 'no field of that name' : 'several fields of that name');
  }
  const refusal = permissions.refusalToFill(fieldName);
  if (refusal !== undefined) {
    throw refusal;
  }
  if (isDirect(field) && permissions.isSigned) {
    throw unusable(fieldName, 'one that is no indirect object, in a document that is signed');
  }
  return field;
}

async function readTextValue(view: ObjectView, field: FormField, value: string): Promise<TextValue> {
  const { name, type } = field;
  if (type !== 'Tx') {
    throw unusable(name, 'a field of another type');
  }
  const flags = await numberOf(view, inheritedAttribute(field, 'Ff'));
  const has = (bit: number): boolean => ((flags ?? 0) & (1 << (bit - 1))) !== 0;
  if (has(flag.readOnly)) {
    throw unusable(name, 'one that is read-only');
  }
  // Their values are no plain text, or must not be seen.
  if (has(flag.password) || has(flag.fileSelect) || has(flag.richText) || field.dictionary.entries.has('RV')) {
    throw unusable(name, 'one for a password, a file or rich text');
  }
  const maxLength = await numberOf(view, inheritedAttribute(field, 'MaxLen'));
  const length = Array.from(value).length;
  if (length > Math.min(maxLength ?? maxValueLength, maxValueLength)) {
    throw unusable(name, `one for at most ${Math.min(maxLength ?? maxValueLength, maxValueLength)} characters`);
  }
  const comb = has(flag.comb) && !has(flag.multiline) && maxLength !== undefined && maxLength > 0;
  const text: Pick<FieldText, 'text' | 'multiline' | 'combCells'> = {
    text: value,
    multiline: has(flag.multiline),
    ...(comb ? { combCells: maxLength } : {}),
  };
  const widgets: readonly Widget[] = field.widgets.length === 0 ? [field] : field.widgets;
  const drawings: { widget: Widget; look: Look }[] = [];
  for (const widget of widgets) {
    const rectangle = await readRectangle(view, widget.dictionary);
    if (rectangle !== undefined) {
      drawings.push({ widget, look: await readLook(view, { field, widget: widget.dictionary, rectangle }, text) });
    }
  }
  return { field, value, drawings };
}

async function readLook(
  view: ObjectView,
  { field, widget, rectangle }: { field: FormField; widget: Dictionary; rectangle: UserRectangle },
  text: Pick<FieldText, 'text' | 'multiline' | 'combCells'>,
): Promise<Look> {
  const characteristics = await view.dictionary(widget.get('MK'));
  const rotate = asRotation(await numberOf(view, characteristics?.get('R')));
  const turned = rotate % 180 !== 0;
  const width = turned ? rectangle.height : rectangle.width;
  const height = turned ? rectangle.width : rectangle.height;
  const style = await readStyle(view, field, widget);
  const background = await colorOf(view, characteristics?.get('BG'));
  const border = await colorOf(view, characteristics?.get('BC'));
  const stated = await numberOf(view, (await view.dictionary(widget.get('BS')))?.get('W'));
  const borderWidth = border === undefined ? 0 : Math.max(0, stated ?? 1);
  const half = borderWidth / 2;
  const fill = background === undefined ? '' : `q ${background.fill} 0 0 ${number(width)} ${number(height)} re f Q\n`;
  const box = [half, half, width - borderWidth, height - borderWidth].map(number).join(' ');
  const stroke =
    border === undefined || borderWidth === 0 ? '' : `q ${border.stroke} ${number(borderWidth)} w ${box} re S Q\n`;
  const content = drawFieldText({ ...text, ...style, width, height, borderWidth, underlay: fill + stroke });
  return { content, width, height, rotate, fontStyle: style.fontStyle };
}

/** /DA and /Q: the field's, inherited, else the form's (ISO 32000-2, 12.7.4.3). */
async function readStyle(
  view: ObjectView,
  field: FormField,
  widget: Dictionary,
): Promise<Pick<FieldText, 'fontSize' | 'color' | 'align' | 'fontStyle'>> {
  const written = await view.resolve(widget.get('DA') ?? inheritedAttribute(field, 'DA'));
  const appearance = written instanceof PdfString ? written.decoded().toString('latin1') : '';
  const [, fontName = '', size] = /\/(\S+)\s+(\d+(?:\.\d*)?|\.\d+)\s+Tf\b/.exec(appearance) ?? [];
  // Only colours are taken over: the string comes from the file and goes into a content stream.
  const color = colorPattern.exec(appearance)?.[1];
  const quadding = await numberOf(view, widget.get('Q') ?? inheritedAttribute(field, 'Q'));
  return {
    fontSize: size === undefined ? 0 : Number(size),
    color: color ?? '0 g',
    fontStyle: (await isItalic(view, inheritedAttribute(field, 'DR'), fontName)) ? 'italic' : 'upright',
    align: quadding === 1 ? 'center' : quadding === 2 ? 'right' : 'left',
  };
}

/** True where the font that a default appearance names is slanted, by its name in /DR or by what its dictionary says. */
async function isItalic(view: ObjectView, resources: PdfValue | undefined, name: string): Promise<boolean> {
  // The font may be missing; our own fields' are named so.
  if (slanted.test(name)) return true;
  const fonts = await view.dictionary((await view.dictionary(resources))?.get('Font'));
  const font = await view.dictionary(fonts?.get(decodedName(name)));
  if (font === undefined) return false;
  // What a composite font is, its only descendant says (ISO 32000-2, 9.7.6).
  const descendants = await view.resolve(font.get('DescendantFonts'));
  const descendant = descendants instanceof PdfArray ? await view.dictionary(descendants.items[0]) : undefined;
  const descriptor = await view.dictionary((descendant ?? font).get('FontDescriptor'));
  const baseFont = await view.resolve(font.get('BaseFont'));
  const flags = (await numberOf(view, descriptor?.get('Flags'))) ?? 0;
  const angle = (await numberOf(view, descriptor?.get('ItalicAngle'))) ?? 0;
  return (baseFont instanceof Name && slanted.test(baseFont.value)) || (flags & italicFlag) !== 0 || angle !== 0;
}

/** A name as it is written, without its slash, one character for each byte (ISO 32000-2, 7.3.5). */
function decodedName(written: string): string {
  return written.replaceAll(/#([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
}

/** An array of 0, 1, 3 or 4 numbers (ISO 32000-2, table 192); undefined for a transparent one. */
async function colorOf(
  view: ObjectView,
  value: PdfValue | undefined,
): Promise<{ readonly fill: string; readonly stroke: string } | undefined> {
  const array = await view.resolve(value);
  const parts = array instanceof PdfArray ? array.items.filter((item) => typeof item === 'number') : [];
  const operators = { 1: ['g', 'G'], 3: ['rg', 'RG'], 4: ['k', 'K'] }[parts.length];
  if (operators === undefined) {
    return undefined;
  }
  const components = parts.map((part) => String(Number(Math.min(1, Math.max(0, part)).toFixed(4)))).join(' ');
  return { fill: `${components} ${operators[0]}`, stroke: `${components} ${operators[1]}` };
}

/** Writes values and appearances; `fontRef` gives the embedded font of this increment. */
export function writeTextValues(
  writing: {
    readonly increment: Increment;
    readonly edits: ObjectEdits;
    readonly fontRef: (style?: FontStyle) => number;
  },
  values: readonly TextValue[],
): void {
  const { increment, edits, fontRef } = writing;
  for (const { field, value, drawings } of values) {
    edits.setKeys(field.holder, field.dictionary, new Map([['V', encodeText(value)]]));
    for (const { widget, look } of drawings) {
      const objectNumber = increment.allocate();
      const font = value === '' ? '' : `/Font<</F ${fontRef(look.fontStyle)} 0 R>>`;
      addTextAppearance(increment, objectNumber, { ...look, font });
      edits.setKeys(widget.holder, widget.dictionary, new Map([['AP', `<< /N ${objectNumber} 0 R >>`]]));
    }
  }
}

/** A form XObject (ISO 32000-2, 12.5.5); `font` is the entry of its resources. */
export function addTextAppearance(
  increment: Increment,
  objectNumber: number,
  { content, width, height, rotate, font }: Look & { readonly font: string },
): void {
  const matrix = uprightMatrix({ widthPt: width, heightPt: height, rotate });
  const box = `/BBox[0 0 ${number(width)} ${number(height)}]${matrix}`;
  increment.addStream(objectNumber, `/Type/XObject/Subtype/Form${box}/Resources<<${font}>>`, latin1(content));
}

async function numberOf(view: ObjectView, value: PdfValue | undefined): Promise<number | undefined> {
  const resolved = await view.resolve(value);
  return typeof resolved === 'number' ? resolved : undefined;
}

function asRotation(value: number | undefined): Rotation {
  const turned = (((value ?? 0) % 360) + 360) % 360;
  return turned === 90 || turned === 180 || turned === 270 ? turned : 0;
}

function unusable(fieldName: string, found: string): PdfError {
  return new PdfError('FIELD_UNUSABLE', `a text field ${JSON.stringify(fieldName)} that can be filled`, found);
}
