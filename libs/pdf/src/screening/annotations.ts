import { Name, type PdfValue, Reference } from '../syntax/values.js';
import type { ActionScreener } from './actions.js';
import { areaOf, isHidden, printsOtherwise } from './annotation-flags.js';
import type { ContentScreener } from './content.js';
import type { ScreenedForm } from './form.js';
import type { Found, TolerantView } from './tolerant-view.js';

const multimedia: ReadonlySet<string> = new Set(['Movie', 'Sound', 'Screen', '3D', 'RichMedia']);
/** They draw nothing above the page but a mark of the reader's own, or what only a press sees. */
const drawsNothing: ReadonlySet<string> = new Set([
  'Link',
  'Popup',
  'Text',
  'PrinterMark',
  'TrapNet',
  'FileAttachment',
]);

/** A page's annotations (ISO 32000-2, 12.5) in the order in which they are drawn. */
export class AnnotationScreener {
  constructor(
    private readonly view: TolerantView,
    private readonly parts: {
      readonly actions: ActionScreener;
      readonly content: ContentScreener;
      readonly form: ScreenedForm;
    },
  ) {}

  async screen(annotations: PdfValue | undefined, page: number): Promise<void> {
    const signed: (readonly [number, number, number, number])[] = [];
    for (const item of await this.view.items(annotations)) {
      const found = await this.view.found(item);
      if (found === undefined) {
        continue;
      }
      const type = await this.view.resolve(found.dictionary.get('Subtype'));
      const subtype = type instanceof Name ? type.value : '';
      const place = { page, objectNumber: found.object?.objectNumber };
      await this.one(found, subtype, place);
      const area = isHidden(found.dictionary) ? undefined : areaOf(found.dictionary);
      const filled = item instanceof Reference ? this.parts.form.signatureWidgets.get(item.objectNumber) : undefined;
      if (area === undefined || drawsNothing.has(subtype)) {
        continue;
      }
      if (filled !== undefined) {
        // One signature may lie over another: the organisation's seal stands over a third of the leader's name.
        signed.push(...(filled ? [area] : []));
      } else if (signed.some((other) => meet(area, other))) {
        this.view.findings.add('annotation-over-signature', 'something is drawn above a signature', place);
      }
    }
  }

  private async one(
    { dictionary }: Found,
    subtype: string,
    place: { readonly page: number; readonly objectNumber: number | undefined },
  ): Promise<void> {
    const { findings } = this.view;
    if (dictionary.ambiguous) {
      findings.add('ambiguous-dictionary', 'a key stands twice in an annotation', place);
    }
    await this.parts.actions.action(dictionary.get('A'), place);
    await this.parts.actions.triggers(dictionary.get('AA'), place);
    this.parts.content.addAppearances(dictionary.get('AP'), place.page);
    if (subtype === 'FileAttachment') {
      findings.add('embedded-file', 'an attached file', place);
    } else if (multimedia.has(subtype)) {
      findings.add('multimedia', 'a film, sound, screen, 3D or rich media annotation', place);
    } else if (subtype !== 'Widget' && !drawsNothing.has(subtype) && areaOf(dictionary) !== undefined) {
      if (!isHidden(dictionary)) {
        findings.add('annotation', 'an annotation drawn above the page', place);
      }
      if (printsOtherwise(dictionary)) {
        findings.add('screen-print-difference', 'an annotation that is on the screen or on paper, not on both', place);
      }
    }
  }
}

function meet(a: readonly [number, number, number, number], b: readonly [number, number, number, number]): boolean {
  return a[0] < b[2] && b[0] < a[2] && a[1] < b[3] && b[1] < a[3];
}
