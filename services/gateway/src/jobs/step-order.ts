import { SigningError, type SigningStep } from '@kyso/contracts';

/**
 * What the steps of one job say of their order by themselves: nobody approves behind the organisation's seal, and a key seals
 * once. Whether the document was approved or issued before, the signer sees from its signatures. Throws ALREADY_ISSUED.
 */
export function assertStepOrder(steps: readonly SigningStep[], index: number): void {
  const step = steps[index];
  const issued = steps.slice(0, index).filter(({ role }) => role === 'clerk');
  const isLate = step?.role === 'leader' && issued.length > 0;
  const isRepeat = step?.role === 'clerk' && issued.some(({ credentialId }) => credentialId === step.credentialId);
  if (!isLate && !isRepeat) return;
  throw new SigningError('ALREADY_ISSUED', {
    expected: isLate ? 'approvals before the organisation’s seal' : `${step.credentialId} once`,
    found: steps.map(({ role, credentialId }) => `${role} ${credentialId}`).join(', '),
  });
}
