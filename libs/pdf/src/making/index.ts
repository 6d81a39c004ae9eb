export { defaultScanLimits, type ScanLimits } from './limits.js';
export { scanKind, scansToPdf, type ScanOptions } from './scans-to-pdf.js';
export { defaultMakingLimits, scansToPdfIsolated, type IsolatedScanOptions } from './isolated.js';
