import { colorOperator, drawFieldText } from '../appearance/index.js';
import type { PdfDocument } from '../document.js';
import { PdfError } from '../errors.js';
import { assertOnPage, toUserSpace } from '../geometry.js';
import { displayedPage } from '../reader/pages.js';
import { readSigningPermissions } from '../reader/permissions.js';
import type { Structure } from '../reader/structure.js';
import { encodeText } from '../syntax/strings.js';
import type { FieldPlan, Rectangle } from '../types.js';
import { assertFreeName } from './field-names.js';
import { readFormHolder, updateForm } from './form-update.js';
import { readFontResources, type FontResources } from './form-resources.js';
import { Increment } from './increment.js';
import { type ListingPage, listOnPage, readListingPage } from './listing-page.js';
import { ObjectEdits } from './object-edits.js';
import { sharedFont } from './shared-font.js';
import { lockEntries } from './signature-object.js';
import { addTextAppearance } from './text-value.js';

/** Print and Locked for signatures, Print for text (ISO 32000-2, table 167). */
const [signatureFlags, textFlags] = [132, 4];
/** Position 13 of /Ff (ISO 32000-2, table 231). */
const multiline = 1 << 12;
const maxPlannedFields = 200;
const quadding = { left: 0, center: 1, right: 2 } as const;

/**
 * An increment that creates the fields of a plan, before the first signature, so that every later signer only fills: new
 * fields on a document that somebody signed are what strict validators call a change. Fields that are drawn get an empty
 * appearance; a text field's default appearance names the embedded Vietnamese font in the form's /DR. NeedAppearances stays
 * as it is. The same document and plan give the same bytes.
 *
 * Throws PdfError ALREADY_SIGNED, CERTIFIED, OWNER_FORBIDS, FIELD_UNUSABLE, PAGE_UNKNOWN, RECTANGLE_OFF_PAGE, TEXT_NOT_DRAWABLE,
 * LIMIT_EXCEEDED.
 */
export function prepareFields(document: PdfDocument, plan: FieldPlan): Promise<Uint8Array> {
  return document.repairing((structure) => prepareOn(document, structure, plan));
}

async function prepareOn(document: PdfDocument, structure: Structure, plan: FieldPlan): Promise<Uint8Array> {
  const { view } = structure;
  const permissions = await readSigningPermissions(structure);
  if (permissions.isSigned) {
    throw new PdfError('ALREADY_SIGNED', 'new fields before the first signature', 'a document that is signed');
  }
  if (permissions.permission !== undefined) {
    throw new PdfError('CERTIFIED', 'a document that nobody certified', 'one with /Perms');
  }
  assertPlan(plan, permissions.fields);
  for (const { name } of [...(plan.signatureFields ?? []), ...(plan.textFields ?? [])]) {
    const refusal = permissions.refusalFor(name);
    if (refusal !== undefined) {
      throw refusal;
    }
  }
  const pages = await readPages(document, plan);
  const form = await readFormHolder(view);
  const resources = await readFontResources(view, form);

  const increment = new Increment(structure);
  const edits = new ObjectEdits({ isSigned: false });
  const fontRef = sharedFont(increment);
  const planning: Planning = { plan, pages, increment, fontNames: resources.freeNames };
  const written = [...writeSignatureFields(planning), ...writeTextFields(planning)];
  for (const [pageIndex, page] of pages) {
    const refs = written.filter((field) => field.pageIndex === pageIndex).map((field) => field.ref);
    if (refs.length > 0) {
      listOnPage({ increment, edits }, page, refs, { isSigned: false });
    }
  }
  const styles = new Set((plan.textFields ?? []).map(({ fontStyle = 'upright' }) => fontStyle));
  const fontRefs = new Map([...styles].map((style) => [style, fontRef(style)]));
  const entries = fontRefs.size === 0 ? undefined : resources.withFonts(edits, fontRefs);
  const refs = written.map((field) => field.ref);
  updateForm({ increment, edits }, form, refs, entries);
  edits.writeTo(increment);
  return increment.layOut(JSON.stringify(plan)).bytes;
}

type SignaturePlan = NonNullable<FieldPlan['signatureFields']>[number];
type TextPlan = NonNullable<FieldPlan['textFields']>[number];

interface Planning {
  readonly plan: FieldPlan;
  readonly pages: ReadonlyMap<number, ListingPage>;
  readonly increment: Increment;
  readonly fontNames: FontResources['freeNames'];
}

interface WrittenField {
  readonly ref: string;
  readonly pageIndex: number;
}

function assertPlan({ signatureFields = [], textFields = [] }: FieldPlan, existing: readonly { name: string }[]): void {
  const planned = [...signatureFields, ...textFields];
  if (planned.length === 0 || planned.length > maxPlannedFields) {
    throw new PdfError('LIMIT_EXCEEDED', `from 1 to ${maxPlannedFields} fields`, String(planned.length));
  }
  const names = existing.map(({ name }) => ({ name }));
  for (const { name } of planned) {
    assertFreeName(name, names);
    names.push({ name });
  }
  for (const { lock } of signatureFields) {
    for (const locked of lock === undefined || lock.action === 'All' ? [] : lock.fields) {
      // A lock of a field that is misspelt locks nothing, and nobody sees it.
      if (!names.some(({ name }) => name === locked || name.startsWith(`${locked}.`))) {
        throw new PdfError('FIELD_UNUSABLE', 'a lock of fields that exist', JSON.stringify(locked));
      }
    }
  }
  for (const { name, fontSizePt, maxLength } of textFields) {
    if (!(fontSizePt >= 4 && fontSizePt <= 72)) {
      throw new PdfError('TEXT_NOT_DRAWABLE', 'a font size from 4 to 72 pt', String(fontSizePt));
    }
    if (maxLength !== undefined && !(Number.isInteger(maxLength) && maxLength > 0)) {
      throw new PdfError(
        'FIELD_UNUSABLE',
        `a maximum length of at least 1 for ${JSON.stringify(name)}`,
        String(maxLength),
      );
    }
  }
}

async function readPages({ structure }: PdfDocument, plan: FieldPlan): Promise<Map<number, ListingPage>> {
  const { view } = structure;
  const pages = new Map<number, ListingPage>();
  for (const { place } of [...(plan.signatureFields ?? []), ...(plan.textFields ?? [])]) {
    const pageIndex = place?.pageIndex ?? 0;
    let page = pages.get(pageIndex);
    if (page === undefined) {
      page = await readListingPage(view, pageIndex);
      pages.set(pageIndex, page);
    }
    if (place !== undefined) {
      assertOnPage(displayedPage(pageIndex, page.geometry), place.rectangle);
    }
  }
  return pages;
}

function writeSignatureFields({ plan, pages, increment }: Planning): WrittenField[] {
  return (plan.signatureFields ?? []).map(({ name, place, lock }: SignaturePlan) => {
    const pageIndex = place?.pageIndex ?? 0;
    const page = pages.get(pageIndex);
    const fieldNumber = increment.allocate();
    let entries = `/FT /Sig /T ${encodeText(name)} /F ${signatureFlags}`;
    if (lock !== undefined) {
      // Indirect, as ISO 32000-2, table 235 wants it.
      const lockNumber = increment.allocate();
      increment.add(lockNumber, [`<< /Type /SigFieldLock${lockEntries(lock)} >>`]);
      entries += ` /Lock ${lockNumber} 0 R`;
    }
    increment.add(fieldNumber, [widget(increment, page, { entries, rectangle: place?.rectangle })]);
    return { ref: `${fieldNumber} 0 R`, pageIndex };
  });
}

function writeTextFields({ plan, pages, increment, fontNames }: Planning): WrittenField[] {
  return (plan.textFields ?? []).map((field: TextPlan) => {
    const { pageIndex, rectangle } = field.place;
    const page = pages.get(pageIndex);
    const fieldNumber = increment.allocate();
    const size = decimal(field.fontSizePt / (page?.geometry.userUnit ?? 1));
    const rotate = page?.geometry.rotate ?? 0;
    const entries =
      `/FT /Tx /T ${encodeText(field.name)} /F ${textFlags} /DA (/${fontNames[field.fontStyle ?? 'upright']} ${size} Tf ${colorOperator(field.color)})` +
      ` /Q ${quadding[field.align ?? 'left']}` +
      (field.multiline === true ? ` /Ff ${multiline}` : '') +
      (field.maxLength === undefined ? '' : ` /MaxLen ${field.maxLength}`) +
      // Without it the text would lie on its side on a page that is displayed turned.
      (rotate === 0 ? '' : ` /MK << /R ${rotate} >>`);
    increment.add(fieldNumber, [widget(increment, page, { entries, rectangle })]);
    return { ref: `${fieldNumber} 0 R`, pageIndex };
  });
}

/** Field and widget in one dictionary (ISO 32000-2, 12.5.6.19), with an empty appearance where it has an area. */
function widget(
  increment: Increment,
  page: ListingPage | undefined,
  { entries, rectangle }: { readonly entries: string; readonly rectangle: Rectangle | undefined },
): string {
  if (page === undefined) {
    throw new PdfError('PAGE_UNKNOWN', 'a page of the plan', 'none');
  }
  const { geometry, object } = page;
  let appearance = '';
  const corners = rectangle === undefined ? [0, 0, 0, 0] : toUserSpace(geometry, rectangle);
  if (rectangle !== undefined) {
    // PDF/A wants one for every annotation with an area (ISO 19005-2, 6.3.3).
    const objectNumber = increment.allocate();
    const { rotate, userUnit } = geometry;
    const [width, height] = [rectangle.widthPt / userUnit, rectangle.heightPt / userUnit];
    const content = entries.startsWith('/FT /Tx') ? drawFieldText(nothingIn(width, height)) : '';
    addTextAppearance(increment, objectNumber, { content, width, height, rotate, font: '' });
    appearance = ` /AP << /N ${objectNumber} 0 R >>`;
  }
  const { objectNumber, generation } = object;
  return (
    `<< /Type /Annot /Subtype /Widget ${entries} /P ${objectNumber} ${generation} R` +
    ` /Rect [${corners.map(decimal).join(' ')}]${appearance} >>`
  );
}

function nothingIn(width: number, height: number): Parameters<typeof drawFieldText>[0] {
  const style = { fontSize: 0, align: 'left', multiline: false, color: '', underlay: '', borderWidth: 0 } as const;
  return { text: '', width, height, ...style };
}

/** No exponents in PDF (ISO 32000-2, 7.3.3). */
function decimal(value: number): string {
  return String(Number(value.toFixed(3)));
}
