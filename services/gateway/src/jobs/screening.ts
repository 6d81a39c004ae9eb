import {
  describeScreening,
  judgeScreening,
  screeningPolicy,
  SigningError,
  type DocumentRecord,
  type ScreeningOverrides,
} from '@kyso/contracts';

/**
 * Refuses by what the screening of the upload found, so that an official learns of it at once. Later versions hold nothing
 * but signatures of this cluster besides. The signer screens the version that it signs by itself. Throws PDF_SCREENED.
 */
export function assertScreened(
  { findings = [] }: Pick<DocumentRecord, 'findings'>,
  ...policies: readonly (ScreeningOverrides | undefined)[]
): void {
  const { refused } = judgeScreening(findings, screeningPolicy(...policies));
  if (refused.length > 0) {
    throw new SigningError('PDF_SCREENED', {
      expected: 'a document without what the policy refuses',
      found: describeScreening(refused),
    });
  }
}
