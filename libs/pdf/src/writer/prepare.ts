import { createAppearance, type Masking } from '../appearance/index.js';
import type { PdfDocument } from '../document.js';
import { PdfError } from '../errors.js';
import { assertOnPage, toUserSpace } from '../geometry.js';
import { limitExceeded } from '../limits.js';
import type { ObjectView } from '../reader/objects.js';
import { displayedPage, type PageObject, type Rotation } from '../reader/pages.js';
import { readSigningPermissions, type SigningPermissions } from '../reader/permissions.js';
import { assertHybridPolicy, readCatalog, type Structure } from '../reader/structure.js';
import { encodeText } from '../syntax/strings.js';
import type {
  AppearanceSpec,
  FieldLock,
  FontStyle,
  HybridPolicy,
  MdpPermission,
  PdfSignature,
  Prepared,
  PrepareOptions,
  Rectangle,
  TextMark,
} from '../types.js';
import { type EmptyField, fillField, readEmptyField } from './empty-field.js';
import { assertFreeName } from './field-names.js';
import { type FormHolder, type HeldDictionary, readFormHolder, readHeldDictionary, updateForm } from './form-update.js';
import { Increment, type Laid } from './increment.js';
import { type ListingPage, listOnPage, readListingPage } from './listing-page.js';
import { ObjectEdits } from './object-edits.js';
import { maskingFor } from './pdf-a.js';
import type { PlannedSignature } from './seed-check.js';
import { addAppearanceObjects, sharedFont } from './shared-font.js';
import { assertDistinctRoles } from './roles.js';
import { signatureObject, type SignatureObject, timestampObject, writeByteRange } from './signature-object.js';
import { readTextValues, writeTextValues } from './text-value.js';

/** Print and Locked (ISO 32000-2, table 167). */
const widgetFlags = 132;
/** Number, date and some more; each is a widget with an appearance of its own. */
const maxTexts = 32;
/** A CMS with long chains and CRLs inside stays far below. */
const maxReservedBytes = 16 * 1024 * 1024;

/**
 * Builds the increment of one signature: field or the existing empty field, appearance, values of text fields, and the
 * signature dictionary with room for the CMS. The same document and options give the same bytes. What the document, its
 * earlier signers and the field's author allow is checked first. Throws PdfError.
 */
export async function prepareSignature(document: PdfDocument, options: PrepareOptions): Promise<Prepared> {
  const { fieldName, reservedBytes, visible, hybrid, certify, fill = [], texts = [], signer, ...claims } = options;
  return prepare(document, {
    kind: 'signature',
    fieldName,
    reservedBytes: checkReserved(reservedBytes),
    hybrid,
    visible,
    certify,
    fill,
    texts,
    planned: { subFilter: 'ETSI.CAdES.detached', reason: claims.reason, certify, signer },
    signatureObject: (lock, catalogRef) =>
      signatureObject(
        { ...claims, reservedBytes },
        { certify, lock, catalogRef, digestMethod: (signer?.digestAlgorithm ?? 'sha256').toUpperCase() },
      ),
    seed: `${fieldName} ${options.signingTime.toISOString()}`,
  });
}

/**
 * Builds the increment of a document time-stamp (ETSI EN 319 142-1, 5.4.3), always invisible. No certification and no lock
 * forbids one (ISO 32000-2, table 257). Throws PdfError.
 */
export async function prepareDocumentTimestamp(
  document: PdfDocument,
  options: { fieldName: string; reservedBytes: number; hybrid?: HybridPolicy },
): Promise<Prepared> {
  const { fieldName, reservedBytes, hybrid } = options;
  return prepare(document, {
    kind: 'document-timestamp',
    fieldName,
    reservedBytes: checkReserved(reservedBytes),
    hybrid,
    visible: undefined,
    certify: undefined,
    fill: [],
    texts: [],
    planned: { subFilter: 'ETSI.RFC3161' },
    signatureObject: () => timestampObject(reservedBytes),
    seed: fieldName,
  });
}

/** What a signature and a document time-stamp have in common. */
interface Request {
  readonly kind: PdfSignature['kind'];
  readonly fieldName: string;
  readonly reservedBytes: number;
  readonly hybrid: HybridPolicy | undefined;
  readonly visible: PrepareOptions['visible'];
  readonly certify: MdpPermission | undefined;
  readonly fill: NonNullable<PrepareOptions['fill']>;
  readonly texts: readonly TextMark[];
  readonly planned: PlannedSignature;
  readonly signatureObject: (lock: FieldLock | undefined, catalogRef: string) => SignatureObject;
  readonly seed: string;
}

function prepare(document: PdfDocument, request: Request): Promise<Prepared> {
  return document.repairing((structure) => prepareOn(document, structure, request));
}

async function prepareOn(document: PdfDocument, structure: Structure, request: Request): Promise<Prepared> {
  const { view } = structure;
  assertHybridPolicy(structure, request.hybrid);
  const permissions = await readSigningPermissions(structure);
  assertPermitted(permissions, request);
  const values = await readTextValues(view, permissions, request.fill);
  if (values.some(({ field }) => field.name === request.fieldName)) {
    throw new PdfError('FIELD_UNUSABLE', 'a text field', `${JSON.stringify(request.fieldName)}, which is to be signed`);
  }
  const field = await readTarget(document, permissions, request);
  const form = await readFormHolder(view);
  const catalog = await readCatalog(view);
  const perms = await readHeldDictionary(view, catalog.dictionary.get('Perms'), catalog.object);
  assertDistinctRoles(form, permissions.fields, 'page' in field ? field.page : undefined);
  const masking = await maskingOf(view, request);

  const increment = new Increment(structure);
  const edits = new ObjectEdits(permissions);
  edits.settle(catalog.object);
  edits.settle(form.holder);
  const writing: Writing = { increment, edits, fontRef: sharedFont(increment), masking };
  const signatureNumber = increment.allocate();
  const { objectNumber, generation } = catalog.object;
  const signature = request.signatureObject(
    'page' in field ? undefined : field.lock,
    `${objectNumber} ${generation} R`,
  );
  if ('page' in field) {
    addField(writing, request, { ...field, form, signatureNumber, isSigned: permissions.isSigned });
  } else {
    const appearances = field.places.map((place) => draw(writing, request.visible?.appearance, place));
    fillField(edits, field, { signatureNumber, appearances });
    updateForm(writing, form, []);
  }
  writeTextValues(writing, values);
  if (request.certify !== undefined) {
    certifyDocument(edits, { catalog, perms }, signatureNumber);
  }
  edits.writeTo(increment);
  // Last, so that little stands behind the gap of its ByteRange: validators hash that once for each signature of a file.
  increment.add(signatureNumber, signature.parts);
  return finish(document, request, { laid: increment.layOut(request.seed), signatureNumber, signature });
}

interface Writing {
  readonly increment: Increment;
  readonly edits: ObjectEdits;
  readonly fontRef: (style?: FontStyle) => number;
  readonly masking: Masking;
}

/** What earlier signers forbid is refused before anything is read for it. */
function assertPermitted(permissions: SigningPermissions, { fieldName, kind, certify }: Request): void {
  const refusal = permissions.refusalFor(fieldName, kind);
  if (refusal !== undefined) {
    throw refusal;
  }
  if (certify !== undefined && permissions.isSigned) {
    throw new PdfError('ALREADY_SIGNED', 'a certification as the first signature', 'a document that is signed');
  }
}

/** The existing field of the name, or the page of a new one. */
async function readTarget(
  { structure }: PdfDocument,
  permissions: SigningPermissions,
  request: Request,
): Promise<EmptyField | NewField> {
  const { view } = structure;
  const { fieldName, visible, planned, texts } = request;
  if (texts.length > maxTexts) {
    throw limitExceeded(`at most ${maxTexts} texts`, texts.length);
  }
  const existing = permissions.fields.find((field) => field.name === fieldName);
  if (existing !== undefined) {
    if (texts.length > 0) {
      throw new PdfError('FIELD_UNUSABLE', 'a new field for a signature with texts', JSON.stringify(fieldName));
    }
    const pageIndex = visible === undefined ? undefined : (visible.pageIndex ?? 0);
    return readEmptyField(view, existing, { ...planned, pageIndex, isSigned: permissions.isSigned });
  }
  assertFreeName(fieldName, permissions.fields);
  const pages = new Map<number, ListingPage>();
  const at = async (pageIndex: number, rectangle: Rectangle): Promise<WidgetPlace> => {
    const page = pages.get(pageIndex) ?? (await readListingPage(view, pageIndex));
    pages.set(pageIndex, page);
    assertOnPage(displayedPage(pageIndex, page.geometry), rectangle);
    return { page, rectangle };
  };
  const written: (WidgetPlace & Pick<TextMark, 'appearance'>)[] = [];
  let page: ListingPage | undefined;
  let rectangle: Rectangle | undefined;
  if (visible !== undefined) {
    if (visible.pageIndex === undefined || visible.rectangle === undefined) {
      throw new PdfError('FIELD_UNUSABLE', 'a page and a rectangle for a new field', 'none');
    }
    ({ page, rectangle } = await at(visible.pageIndex, visible.rectangle));
  }
  for (const { pageIndex, appearance, ...text } of texts) {
    written.push({ ...(await at(pageIndex, text.rectangle)), appearance });
  }
  return { page: page ?? (await readListingPage(view, 0)), rectangle, texts: written };
}

interface WidgetPlace {
  readonly page: ListingPage;
  readonly rectangle: Rectangle;
}

interface NewField {
  readonly page: ListingPage;
  readonly rectangle: Rectangle | undefined;
  readonly texts: readonly (WidgetPlace & Pick<TextMark, 'appearance'>)[];
}

function addField(
  writing: Writing,
  request: Request,
  at: NewField & { readonly form: FormHolder; readonly signatureNumber: number; readonly isSigned: boolean },
): void {
  const { increment } = writing;
  const { page, rectangle, texts, form, signatureNumber, isSigned } = at;
  const fieldNumber = increment.allocate();
  const fieldRef = `${fieldNumber} 0 R`;
  const entries = `/FT /Sig /T ${encodeText(request.fieldName)} /V ${signatureNumber} 0 R`;
  const { visible } = request;
  if (texts.length === 0) {
    increment.add(fieldNumber, [widget(writing, { entries, page, rectangle, appearance: visible?.appearance })]);
    listOnPage(writing, page, [fieldRef], { isSigned });
  } else {
    // The signature first: it is where the field stands for whoever asks.
    const own =
      visible !== undefined && rectangle !== undefined ? [{ page, rectangle, appearance: visible.appearance }] : [];
    // /V is the field's and inherited by every widget; poppler takes widgets with a /Parent for fields and looks for it there.
    const kids = [...own, ...texts].map((place) => {
      const objectNumber = increment.allocate();
      increment.add(objectNumber, [
        widget(writing, { entries: `/Parent ${fieldRef} /V ${signatureNumber} 0 R`, ...place }),
      ]);
      return { page: place.page, ref: `${objectNumber} 0 R` };
    });
    increment.add(fieldNumber, [`<< ${entries} /Kids [${kids.map(({ ref }) => ref).join(' ')}] >>`]);
    for (const listing of new Set(kids.map((kid) => kid.page))) {
      const refs = kids.filter((kid) => kid.page === listing).map(({ ref }) => ref);
      listOnPage(writing, listing, refs, { isSigned });
    }
  }
  updateForm(writing, form, [fieldRef]);
}

/** A widget (ISO 32000-2, 12.5.6.19); `entries` are those of the field, in one dictionary with it, or its /Parent. */
function widget(
  writing: Writing,
  {
    entries,
    page,
    rectangle,
    appearance,
  }: {
    readonly entries: string;
    readonly page: PageObject;
    readonly rectangle: Rectangle | undefined;
    readonly appearance: AppearanceSpec | undefined;
  },
): string {
  const { geometry, object } = page;
  const corners = rectangle === undefined ? [0, 0, 0, 0] : toUserSpace(geometry, rectangle);
  const drawn = rectangle && draw(writing, appearance, { ...rectangle, rotate: geometry.rotate });
  const { objectNumber, generation } = object;
  return (
    `<< /Type /Annot /Subtype /Widget ${entries}` +
    ` /F ${widgetFlags} /P ${objectNumber} ${generation} R /Rect [${corners.map(decimal).join(' ')}]` +
    `${drawn === undefined ? '' : ` /AP << /N ${drawn} 0 R >>`} >>`
  );
}

/** No exponents in PDF (ISO 32000-2, 7.3.3). */
function decimal(value: number): string {
  return String(Number(value.toFixed(3)));
}

/** Only images can be transparent: for everything else the document's metadata needn't be read. */
async function maskingOf(view: ObjectView, { visible }: Request): Promise<Masking> {
  return visible?.appearance.imagePng === undefined ? 'soft' : maskingFor(view);
}

/** Adds the appearance's objects; gives the number of the form XObject. */
function draw(
  { increment, fontRef, masking }: Writing,
  spec: AppearanceSpec | undefined,
  place: { readonly widthPt: number; readonly heightPt: number; readonly rotate: Rotation },
): number {
  const { widthPt, heightPt, rotate } = place;
  const { allocate } = increment;
  const appearance = createAppearance(spec ?? { lines: [], fontSizePt: 0 }, masking);
  const built = appearance.build({ widthPt, heightPt, rotate, allocate, fontRef });
  addAppearanceObjects(increment, built.objects);
  return built.appearanceRef;
}

/** /Perms names the certification (ISO 32000-2, 12.8.6, table 263). */
function certifyDocument(
  edits: ObjectEdits,
  { catalog, perms }: { readonly catalog: FormHolder['catalog']; readonly perms: HeldDictionary | undefined },
  signatureNumber: number,
): void {
  if (perms === undefined) {
    const entry = new Map([['Perms', `<< /DocMDP ${signatureNumber} 0 R >>`]]);
    edits.setKeys(catalog.object, catalog.dictionary, entry);
  } else {
    edits.setKeys(perms.holder, perms.dictionary, new Map([['DocMDP', `${signatureNumber} 0 R`]]));
  }
}

function finish(
  document: PdfDocument,
  request: Request,
  written: { readonly laid: Laid; readonly signatureNumber: number; readonly signature: SignatureObject },
): Prepared {
  const { bytes, bodyOffsets } = written.laid;
  const { signature } = written;
  const { reservedBytes } = request;
  const body = bodyOffsets.get(written.signatureNumber) ?? 0;
  const originalSize = document.source.size;
  const gapStart = originalSize + body + signature.contentsAt;
  const gapEnd = gapStart + reservedBytes * 2 + 2;
  const byteRange = [0, gapStart, gapEnd, originalSize + bytes.length - gapEnd] as const;
  // Were a string in front of them encrypted, they would stand elsewhere.
  if (bytes[body + signature.contentsAt] !== 0x3c || bytes[body + signature.byteRangeAt - 1] !== 0x5b) {
    throw new Error('/ByteRange and /Contents must stand in front of every string of the signature dictionary');
  }
  writeByteRange(bytes, body + signature.byteRangeAt, byteRange);
  return {
    increment: bytes,
    state: {
      originalSize,
      incrementSize: bytes.length,
      byteRange,
      contentsOffset: body + signature.contentsAt + 1,
      reservedBytes,
    },
  };
}

function checkReserved(reservedBytes: number): number {
  if (!Number.isInteger(reservedBytes) || reservedBytes < 1 || reservedBytes > maxReservedBytes) {
    throw limitExceeded(`from 1 to ${maxReservedBytes} bytes reserved for the CMS`, reservedBytes);
  }
  return reservedBytes;
}
