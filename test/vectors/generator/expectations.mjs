// What is expected is written down by hand per vector, never taken from what the validator said.
const fixed = { field: 'Signature1', kind: 'signature' };

export const valid = (level, more = {}) => ({
  ...fixed,
  verdict: 'valid',
  indication: 'TOTAL-PASSED',
  level,
  integrity: 'passed',
  coverage: 'whole-file',
  certificateChain: 'passed',
  validAtSigningTime: 'passed',
  reasons: [],
  ...more,
});

export const invalid = (subIndication, reasons, more = {}) => ({
  ...fixed,
  verdict: 'invalid',
  indication: 'TOTAL-FAILED',
  subIndication,
  reasons,
  ...more,
});

export const open = (subIndication, reasons, more = {}) => ({
  ...fixed,
  verdict: 'indeterminate',
  indication: 'INDETERMINATE',
  subIndication,
  reasons,
  ...more,
});

export const stamp = (more = {}) => valid('none', { kind: 'document-timestamp', field: 'Timestamp1', ...more });
