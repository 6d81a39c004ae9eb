export { type CadesCheck, checkCades } from './cades-check.js';
export { type CadesTemplate, createCadesTemplate } from './cades-template.js';
export { type Certificate, parseCertificate, parseCertificatesPem } from './certificate.js';
export { MAX_CHAIN_LENGTH, buildChain } from './chain.js';
export { verifyCrl } from './crl.js';
export type { DigestAlgorithm } from './digest.js';
export { CmsError, type CmsErrorCode } from './errors.js';
export { createOcspRequest } from './ocsp-request.js';
export { verifyOcspResponse } from './ocsp-response.js';
export { MAX_AGE_WITHOUT_NEXT_UPDATE_MS, REVOCATION_SKEW_MS, type RevocationProof } from './revocation.js';
export type { SignatureScheme } from './signature-algorithm.js';
export { digestInfo, ecdsaSignatureDer, verifySignatureValue } from './signature-value.js';
export { type TimestampRequest, createTimestampRequest, parseTimestampRequest } from './timestamp-request.js';
export { parseTimestampResponse } from './timestamp-response.js';
export {
  DEFAULT_TIMESTAMP_SKEW_MS,
  type TimestampExpectation,
  type TimestampInfo,
  openTimestampToken,
  verifyTimestampToken,
} from './timestamp-token.js';
