import { Dictionary, isName, Name, PdfArray, PdfString, type PdfValue, Reference } from '../syntax/values.js';
import type { Place } from './findings.js';
import type { ScreeningKind } from './kinds.js';
import type { TolerantView } from './tolerant-view.js';

/** ISO 32000-2, table 201; what is not listed (GoTo, Named, Thread …) moves within the document and changes nothing. */
const screenedActions: ReadonlyMap<string, readonly [ScreeningKind, string]> = new Map([
  ['JavaScript', ['script', 'a script']],
  ['Launch', ['launch', 'an action that starts a program or opens a file']],
  ['SubmitForm', ['submit-form', 'an action that sends the form away']],
  ['ImportData', ['import-data', 'an action that fills the form from a file']],
  ['GoToR', ['outside-link', 'a link to another file']],
  ['GoToE', ['outside-link', 'a link to an embedded file']],
  ['GoToDp', ['outside-link', 'a link to a part of a document']],
  ['Hide', ['view-action', 'an action that hides or shows annotations']],
  ['SetOCGState', ['view-action', 'an action that hides or shows layers']],
  ['Rendition', ['multimedia', 'an action that plays something']],
  ['Sound', ['multimedia', 'an action that plays something']],
  ['Movie', ['multimedia', 'an action that plays something']],
  ['RichMediaExecute', ['multimedia', 'an action that plays something']],
  ['GoTo3DView', ['multimedia', 'an action that turns a 3D view']],
]);

const harmlessSchemes = /^(https?|mailto|tel):/i;
/** What a reader of another kind takes for the scheme: control characters and spaces in front of it are dropped. */
const ignoredCharacters = /[\0-\x20]+/g;
const maxSchemeBytes = 64;

/** Screens actions (ISO 32000-2, 12.6) with what follows them in /Next; each object once in a document. */
export class ActionScreener {
  private readonly visited = new Set<number>();

  constructor(private readonly view: TolerantView) {}

  /** `value` is /A, /OpenAction and the like; a destination is none. */
  async action(value: PdfValue | undefined, place: Place = {}): Promise<void> {
    const pending = value === undefined ? [] : [{ value, follows: false }];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const written = next.value;
      if (written instanceof Reference) {
        if (this.visited.has(written.objectNumber)) {
          continue;
        }
        this.visited.add(written.objectNumber);
      }
      const action = await this.view.resolve(written);
      if (action instanceof Dictionary) {
        await this.one(action, written instanceof Reference ? { ...place, objectNumber: written.objectNumber } : place);
        pending.push({ value: action.get('Next') ?? null, follows: true });
      } else if (action instanceof PdfArray && next.follows) {
        // As /Next a list of actions, else a destination.
        pending.push(...action.items.map((item) => ({ value: item, follows: false })));
      }
    }
  }

  /** /AA: actions by their triggers (12.6.3). */
  async triggers(value: PdfValue | undefined, place: Place = {}): Promise<void> {
    if (value === undefined) {
      return;
    }
    const holder = value instanceof Reference ? { ...place, objectNumber: value.objectNumber } : place;
    for (const entry of (await this.view.dictionary(value))?.entries.values() ?? []) {
      await this.action(entry.value, holder);
    }
  }

  private async one(action: Dictionary, place: Place): Promise<void> {
    const { findings } = this.view;
    const type = await this.view.resolve(action.get('S'));
    const screened = type instanceof Name ? screenedActions.get(type.value) : undefined;
    if (screened !== undefined) {
      findings.add(...screened, place);
    }
    // A rendition action carries its script in /JS (12.6.4.14).
    if (action.entries.has('JS') && !isName(type, 'JavaScript')) {
      findings.add('script', 'a script', place);
    }
    if (isName(type, 'URI')) {
      this.uri(await this.view.resolve(action.get('URI')), place);
    }
    if (isName(type, 'Thread') && action.entries.has('F')) {
      findings.add('outside-link', 'a link to another file', place);
    }
  }

  private uri(value: PdfValue, place: Place): void {
    if (!(value instanceof PdfString)) {
      return;
    }
    const start = value.decoded().toString('latin1').replaceAll(ignoredCharacters, '').slice(0, maxSchemeBytes);
    if (/^javascript:/i.test(start)) {
      this.view.findings.add('script', 'a script as a link', place);
    } else if (/^[a-z][a-z0-9+.-]*:/i.test(start) && !harmlessSchemes.test(start)) {
      this.view.findings.add('outside-link', 'a link that is neither a web, mail nor telephone address', place);
    }
  }
}
