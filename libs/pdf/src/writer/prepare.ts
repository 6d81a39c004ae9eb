import { createAppearance, type Masking } from '../appearance/index.js';
import type { PdfDocument } from '../document.js';
import { PdfError } from '../errors.js';
import { assertOnPage, toUserSpace } from '../geometry.js';
import { limitExceeded } from '../limits.js';
import type { ObjectView } from '../reader/objects.js';
import { displayedPage, type PageObject, PageTree, type Rotation } from '../reader/pages.js';
import { readSigningPermissions } from '../reader/permissions.js';
import { assertHybridPolicy } from '../reader/structure.js';
import { encodeText } from '../syntax/strings.js';
import type { HybridPolicy, PdfSignature, Prepared, PrepareOptions } from '../types.js';
import { fillField, readEmptyField } from './empty-field.js';
import { appendTo, readFormHolder, readHeldArray, updateForm } from './form-update.js';
import { Increment, type Laid } from './increment.js';
import { editDictionary } from './parts.js';
import { maskingFor } from './pdf-a.js';
import { signatureObject, type SignatureObject, timestampObject, writeByteRange } from './signature-object.js';

/** Print and Locked (ISO 32000-2, table 167). */
const widgetFlags = 132;
/** A CMS with long chains and CRLs inside stays far below. */
const maxReservedBytes = 16 * 1024 * 1024;

/**
 * Builds the increment of one signature: field, widget, appearance and signature dictionary with room for the CMS. The
 * same document and options give the same bytes. Throws PdfError; what the document allows is checked first.
 */
export async function prepareSignature(document: PdfDocument, options: PrepareOptions): Promise<Prepared> {
  const { fieldName, reservedBytes, visible, hybrid, ...claims } = options;
  return prepare(document, {
    kind: 'signature',
    fieldName,
    reservedBytes,
    hybrid,
    visible,
    signature: signatureObject({ ...claims, reservedBytes: checkReserved(reservedBytes) }),
    seed: `${fieldName} ${options.signingTime.toISOString()}`,
  });
}

/** Builds the increment of a document time-stamp (ETSI EN 319 142-1, 5.4.3), always invisible. Throws PdfError. */
export async function prepareDocumentTimestamp(
  document: PdfDocument,
  options: { fieldName: string; reservedBytes: number; hybrid?: HybridPolicy },
): Promise<Prepared> {
  const { fieldName, reservedBytes, hybrid } = options;
  return prepare(document, {
    kind: 'document-timestamp',
    fieldName,
    reservedBytes,
    hybrid,
    visible: undefined,
    signature: timestampObject(checkReserved(reservedBytes)),
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
  readonly signature: SignatureObject;
  readonly seed: string;
}

async function prepare(document: PdfDocument, request: Request): Promise<Prepared> {
  const { structure } = document;
  structure.meter.begin();
  assertHybridPolicy(structure, request.hybrid);
  const permissions = await readSigningPermissions(structure);
  const refusal = permissions.refusalFor(request.fieldName, request.kind);
  if (refusal !== undefined) {
    throw refusal;
  }
  const existing = permissions.fields.find((field) => field.name === request.fieldName);
  if (existing === undefined) {
    if (permissions.fields.some((field) => field.name.startsWith(`${request.fieldName}.`))) {
      throw new PdfError('FIELD_UNUSABLE', 'a field name that is not taken', JSON.stringify(request.fieldName));
    }
    return prepareNewField(document, request);
  }
  const { view } = structure;
  const field = await readEmptyField(view, existing, request.visible);
  const masking = await maskingOf(view, request);
  const holder = await readFormHolder(view);
  const increment = new Increment(structure);
  const signatureNumber = increment.allocate();
  const appearance =
    request.visible && field.place ? draw(increment, request.visible, { ...field.place, masking }) : undefined;
  fillField(increment, field, { signatureNumber, appearance });
  updateForm(increment, holder, undefined);
  addSignature(increment, signatureNumber, request);
  return finish(document, request, { laid: increment.layOut(request.seed), signatureNumber });
}

async function prepareNewField(document: PdfDocument, request: Request): Promise<Prepared> {
  const { fieldName, visible } = request;
  if (fieldName === '' || fieldName.includes('.')) {
    // A full stop would name a child of another field (ISO 32000-2, 12.7.4.2).
    throw new PdfError('FIELD_UNUSABLE', 'a field name without a full stop', JSON.stringify(fieldName));
  }
  const { structure } = document;
  const { view } = structure;
  const pageIndex = visible?.pageIndex ?? 0;
  const page = await new PageTree(view).page(pageIndex);
  if (visible !== undefined) {
    assertOnPage(displayedPage(pageIndex, page.geometry), visible.rectangle);
  }
  const annotations = await readHeldArray(view, page.dictionary.get('Annots'));
  const holder = await readFormHolder(view);
  const masking = await maskingOf(view, request);

  const increment = new Increment(structure);
  const signatureNumber = increment.allocate();
  const fieldNumber = increment.allocate();
  const place = visible && { ...visible.rectangle, rotate: page.geometry.rotate, masking };
  const appearance = visible && place ? draw(increment, visible, place) : undefined;
  increment.add(fieldNumber, [widget(request, page, { signatureNumber, appearance })]);
  const array = appendTo(increment, annotations, `${fieldNumber} 0 R`);
  if (array !== undefined) {
    const { objectNumber, generation } = page.object;
    increment.add(objectNumber, editDictionary(page.dictionary, new Map([['Annots', array]])), generation);
  }
  updateForm(increment, holder, `${fieldNumber} 0 R`);
  addSignature(increment, signatureNumber, request);
  return finish(document, request, { laid: increment.layOut(request.seed), signatureNumber });
}

/** Last, so that little stands behind the gap of its ByteRange: validators hash that once for each signature of a file. */
function addSignature(increment: Increment, signatureNumber: number, request: Request): void {
  increment.add(signatureNumber, request.signature.parts);
}

/** Field and widget in one dictionary (ISO 32000-2, 12.5.6.19). */
function widget(
  { fieldName, visible }: Request,
  page: PageObject,
  refs: { signatureNumber: number; appearance: number | undefined },
): string {
  const rectangle = visible === undefined ? [0, 0, 0, 0] : toUserSpace(page.geometry, visible.rectangle);
  const { objectNumber, generation } = page.object;
  return (
    `<< /Type /Annot /Subtype /Widget /FT /Sig /T ${encodeText(fieldName)} /V ${refs.signatureNumber} 0 R` +
    ` /F ${widgetFlags} /P ${objectNumber} ${generation} R /Rect [${rectangle.map(decimal).join(' ')}]` +
    `${refs.appearance === undefined ? '' : ` /AP << /N ${refs.appearance} 0 R >>`} >>`
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
  increment: Increment,
  visible: NonNullable<PrepareOptions['visible']>,
  place: { readonly widthPt: number; readonly heightPt: number; readonly rotate: Rotation; readonly masking: Masking },
): number {
  const { widthPt, heightPt, rotate, masking } = place;
  const { allocate } = increment;
  const built = createAppearance(visible.appearance, masking).build({ widthPt, heightPt, rotate, allocate });
  for (const object of built.objects) {
    if ('data' in object) {
      increment.addStream(object.objectNumber, object.entries, object.data);
    } else {
      increment.add(object.objectNumber, object.body);
    }
  }
  return built.appearanceRef;
}

function finish(
  document: PdfDocument,
  request: Request,
  written: { readonly laid: Laid; readonly signatureNumber: number },
): Prepared {
  const { bytes, bodyOffsets } = written.laid;
  const { signature, reservedBytes } = request;
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
