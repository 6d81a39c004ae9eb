import type { TemplateLine } from '../template.js';
import { templateTexts } from './template-texts.js';

const label = (kind: TemplateLine['kind']): string => `${templateTexts.TemplateLineKind[kind].vi}: `;

/** What stands in front of a value in a line of an appearance, as the tool on officials' desks writes it. Always Vietnamese. */
export const lineLabels = {
  signer: label('signer'),
  organisation: label('organisation'),
  email: label('email'),
  time: label('time'),
  number: label('number'),
  date: label('date'),
  note: '',
  text: '',
} as const satisfies Record<TemplateLine['kind'], string>;
