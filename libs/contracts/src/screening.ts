import { z } from 'zod';

/** What a document can hold that makes it show, do or become something else than what its signer saw; see libs/pdf. */
export const screeningKindSchema = z
  .enum([
    'script',
    'launch',
    'submit-form',
    'import-data',
    'outside-link',
    'view-action',
    'multimedia',
    'xfa',
    'portfolio',
    'open-form-field',
    'generated-appearance',
    'hidden-layer',
    'screen-print-difference',
    'annotation',
    'annotation-over-signature',
    'embedded-file',
    'external-content',
    'shadow-object',
    'unreferenced-page',
    'unlisted-object',
    'hybrid',
    'unlisted-update',
    'stray-bytes',
    'ambiguous-dictionary',
    'not-screened',
  ])
  .meta({ id: 'ScreeningKind' });
export type ScreeningKind = z.infer<typeof screeningKindSchema>;

/** All occurrences of one thing in a document. */
export const screeningFindingSchema = z
  .object({
    kind: screeningKindSchema,
    detail: z.string().describe('What it is, in English; never text of the document'),
    objectNumber: z.int().min(0).optional().describe('Object number of the first one, for who repairs the file'),
    page: z.int().min(1).optional().describe('Page of the first one; 1 is the first page'),
    count: z.int().min(1),
  })
  .meta({ id: 'ScreeningFinding' });
export type ScreeningFinding = z.infer<typeof screeningFindingSchema>;

export const screeningVerdictSchema = z
  .enum(['refuse', 'warn', 'allow'])
  .describe('refuse: PDF_SCREENED; warn: signed, and stated in the job’s answer; allow: not even looked for')
  .meta({ id: 'ScreeningVerdict' });
export type ScreeningVerdict = z.infer<typeof screeningVerdictSchema>;

/** What is to be done about some of the kinds; what is not named keeps its default. */
export const screeningOverridesSchema = z.partialRecord(screeningKindSchema, screeningVerdictSchema);
export type ScreeningOverrides = z.infer<typeof screeningOverridesSchema>;

/** What is done about each kind. */
export type ScreeningPolicy = Readonly<Record<ScreeningKind, ScreeningVerdict>>;

/**
 * Refused is what lets the same signed bytes show or do one thing to the signer and another to the next reader. What
 * everybody sees in the same way, or what only an update after the signature could change (which verification reports), is
 * signed with a warning. The reasons are in docs/decisions.
 */
export const defaultScreeningPolicy: ScreeningPolicy = Object.freeze({
  script: 'refuse',
  launch: 'refuse',
  'submit-form': 'warn',
  'import-data': 'refuse',
  'outside-link': 'warn',
  'view-action': 'refuse',
  multimedia: 'refuse',
  xfa: 'refuse',
  portfolio: 'refuse',
  'open-form-field': 'warn',
  'generated-appearance': 'warn',
  'hidden-layer': 'warn',
  'screen-print-difference': 'refuse',
  annotation: 'warn',
  'annotation-over-signature': 'refuse',
  'embedded-file': 'warn',
  'external-content': 'refuse',
  'shadow-object': 'refuse',
  'unreferenced-page': 'warn',
  'unlisted-object': 'warn',
  hybrid: 'allow',
  'unlisted-update': 'refuse',
  'stray-bytes': 'warn',
  'ambiguous-dictionary': 'warn',
  'not-screened': 'warn',
});

/** The policy with the overrides laid over it, the later ones on top. */
export function screeningPolicy(...overrides: readonly (ScreeningOverrides | undefined)[]): ScreeningPolicy {
  return Object.assign({}, defaultScreeningPolicy, ...overrides) as ScreeningPolicy;
}

/** The findings that the policy refuses, and those that it states. */
export function judgeScreening(
  findings: readonly ScreeningFinding[],
  policy: ScreeningPolicy,
): { readonly refused: ScreeningFinding[]; readonly stated: ScreeningFinding[] } {
  return {
    refused: findings.filter(({ kind }) => policy[kind] === 'refuse'),
    stated: findings.filter(({ kind }) => policy[kind] === 'warn'),
  };
}

/** Findings in one line, for `found` of a failure. */
export function describeScreening(findings: readonly ScreeningFinding[]): string {
  return findings
    .slice(0, 8)
    .map(({ kind, detail, page, count }) => {
      const where = page === undefined ? '' : `, first on page ${page}`;
      return `${kind} (${detail}${where}${count === 1 ? '' : `, ${count} times`})`;
    })
    .join('; ');
}
