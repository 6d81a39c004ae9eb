export type { RevocationSource, ValidationLimits, ValidationOptions } from './options.js';
export { defaultValidationLimits } from './options.js';
export { reasonCatalogue, type ReasonCode } from './reasons.js';
export type {
  CertificateSummary,
  Check,
  Coverage,
  Indication,
  Level,
  Note,
  RevocationSummary,
  SignatureReport,
  TimestampSummary,
  ValidationReport,
  Verdict,
} from './report.js';
export { subIndicationCatalogue, type SubIndication } from './sub-indications.js';
export { validatePdf } from './validate-pdf.js';
