import { lineLabels, type Placement, type StoredAppearance, type Template, type TemplateLine } from '@kyso/contracts';

/** What a template draws, and where it is drawn unless a step says otherwise. */
export interface ResolvedTemplate {
  /** Lines with their names in braces. */
  readonly appearance: StoredAppearance;
  readonly placement?: Placement;
  /** A field of the document instead of a place. */
  readonly field?: string;
}

/** How each kind of line is filled in. */
const values: Readonly<Record<TemplateLine['kind'], string>> = {
  signer: '{signerName}',
  organisation: '{organisationName}',
  email: '{email}',
  time: '{signingTime}',
  number: '{number}',
  date: '{date}',
  note: '{note}',
  text: '',
};

export function resolveTemplate(template: Template): ResolvedTemplate {
  const { display, imageSha256, lines, fontSizePt, color, fontStyle, align, place } = template;
  const appearance: StoredAppearance = {
    ...(display === 'text' || imageSha256 === undefined ? {} : { imageSha256 }),
    lines: display === 'image' ? [] : lines.filter(({ shown }) => shown).map(lineText),
    fontSizePt,
    ...(color === undefined ? {} : { color }),
    ...(fontStyle === undefined ? {} : { fontStyle }),
    ...(align === undefined ? {} : { align }),
  };
  if (place === undefined) return { appearance };
  return 'field' in place
    ? { appearance, field: place.field }
    : { appearance, placement: placementOf(template, place) };
}

/** A line as it is drawn, its names in braces. */
export function lineText({ kind, text, labelled }: TemplateLine): string {
  return text ?? (labelled ? lineLabels[kind] : '') + values[kind];
}

function placementOf(
  { widthPt, heightPt }: Template,
  place: Exclude<NonNullable<Template['place']>, { field: string }>,
): Placement {
  const size = { widthPt, heightPt };
  const fixed = (one: Extract<typeof place, { page: unknown }>) =>
    'place' in one ? { ...one, ...size } : { page: one.page, rectangle: { xPt: one.xPt, yPt: one.yPt, ...size } };
  if ('page' in place) return fixed(place);
  if ('covering' in place) return { ...place, ...size };
  const { otherwise, ...anchored } = place;
  return { ...anchored, ...size, ...(otherwise === undefined ? {} : { otherwise: fixed(otherwise) }) };
}
