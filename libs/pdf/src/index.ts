export type { ByteSource } from './byte-source.js';
export { bufferSource, concatSource, fileSource, readChunks } from './sources.js';
export { PdfError, type PdfErrorCode, PlaceholderTooSmall } from './errors.js';
export { defaultPdfLimits } from './limits.js';
export type {
  AppearanceSpec,
  DocumentSecurityStore,
  FieldLock,
  FieldPlan,
  MdpPermission,
  HybridPolicy,
  ModificationFinding,
  NamedPlace,
  OpenFields,
  OpenOptions,
  PdfEncryption,
  PdfLimits,
  PdfPage,
  PdfPermissions,
  PdfSignature,
  Prepared,
  PreparedState,
  PrepareOptions,
  Rectangle,
  Revision,
  SeedValues,
  SignatureField,
  SignerFacts,
  TextMark,
  TextStyle,
} from './types.js';
export { PdfDocument } from './document.js';
export { assertOnPage, placeOnPage } from './geometry.js';
export { assertDrawable, inspectPng } from './appearance/index.js';
export { completeSignature } from './writer/complete.js';
export { digestPrepared, startHash } from './writer/digest.js';
export { prepareFields } from './writer/prepare-fields.js';
export { prepareDocumentTimestamp, prepareSignature } from './writer/prepare.js';
export { buildSecurityStore } from './writer/security-store.js';
export { findModifications } from './modifications/find.js';
export { type ScreeningFinding, type ScreeningKind, screeningKinds } from './screening/kinds.js';
export { screenPdf } from './screening/screen.js';
