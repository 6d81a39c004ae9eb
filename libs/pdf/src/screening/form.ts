import { type Dictionary, Name, type PdfValue, Reference } from '../syntax/values.js';
import type { ActionScreener } from './actions.js';
import type { TolerantView } from './tolerant-view.js';
import { printsOtherwise } from './annotation-flags.js';

const readOnly = 1;
/** Ff of a push-button (ISO 32000-2, table 229). */
const pushButton = 1 << 16;

/** What the pages' annotations need to know of the form. */
export interface ScreenedForm {
  /** Widgets of signature fields; `true` for those that are filled. */
  readonly signatureWidgets: ReadonlyMap<number, boolean>;
}

interface Inherited {
  readonly type: string | undefined;
  readonly flags: number;
  readonly value: PdfValue | undefined;
}

/** The interactive form (12.7.3) with all its fields and their widgets. */
export async function screenForm(
  view: TolerantView,
  actions: ActionScreener,
  catalog: Dictionary,
): Promise<ScreenedForm> {
  const { findings } = view;
  const signatureWidgets = new Map<number, boolean>();
  const form = await view.found(catalog.get('AcroForm'));
  if (form === undefined) {
    return { signatureWidgets };
  }
  const { dictionary, object } = form;
  const place = { objectNumber: object?.objectNumber };
  if (dictionary.ambiguous) {
    findings.add('ambiguous-dictionary', 'a key stands twice in the form', place);
  }
  if ((dictionary.get('XFA') ?? null) !== null) {
    findings.add('xfa', 'a form in XML (XFA)', place);
  }
  if ((await view.resolve(dictionary.get('NeedAppearances'))) === true) {
    findings.add('generated-appearance', 'readers draw the fields anew', place);
  }
  await screenFields(view, actions, { roots: await view.items(dictionary.get('Fields')), signatureWidgets });
  return { signatureWidgets };
}

async function screenFields(
  view: TolerantView,
  actions: ActionScreener,
  { roots, signatureWidgets }: { readonly roots: readonly PdfValue[]; readonly signatureWidgets: Map<number, boolean> },
): Promise<void> {
  const visited = new Set<number>();
  const none: Inherited = { type: undefined, flags: 0, value: undefined };
  const pending = roots.toReversed().map((item) => ({ item, parent: none }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { item, parent } = next;
    if (item instanceof Reference) {
      if (visited.has(item.objectNumber)) {
        continue;
      }
      visited.add(item.objectNumber);
    }
    const node = await view.found(item);
    if (node === undefined) {
      continue;
    }
    const own = await inherit(view, node.dictionary, parent);
    const place = { objectNumber: node.object?.objectNumber };
    await actions.triggers(node.dictionary.get('AA'), place);
    const kids = await view.items(node.dictionary.get('Kids'));
    pending.push(...kids.toReversed().map((kid) => ({ item: kid, parent: own })));
    // A field with kids that are only widgets counts once for each widget: each one can be typed into.
    if (kids.length === 0) {
      screenWidget(view, { ...own, dictionary: node.dictionary, place, signatureWidgets });
    }
  }
}

function screenWidget(
  { findings }: TolerantView,
  field: Inherited & {
    readonly dictionary: Dictionary;
    readonly place: { readonly objectNumber: number | undefined };
    readonly signatureWidgets: Map<number, boolean>;
  },
): void {
  const { type, flags, value, dictionary, place, signatureWidgets } = field;
  if (type === 'Sig') {
    if (place.objectNumber !== undefined) {
      signatureWidgets.set(place.objectNumber, (value ?? null) !== null);
    }
    return;
  }
  if (type === 'Btn' && (flags & pushButton) !== 0) {
    return;
  }
  if ((flags & readOnly) === 0 && (type === 'Tx' || type === 'Ch' || type === 'Btn')) {
    findings.add('open-form-field', 'a form field that can still be filled in', place);
  }
  if (printsOtherwise(dictionary)) {
    findings.add('screen-print-difference', 'a form field that is on the screen or on paper, not on both', place);
  }
}

async function inherit(view: TolerantView, dictionary: Dictionary, parent: Inherited): Promise<Inherited> {
  const type = await view.resolve(dictionary.get('FT'));
  const flags = await view.resolve(dictionary.get('Ff'));
  return {
    type: type instanceof Name ? type.value : parent.type,
    flags: typeof flags === 'number' ? flags : parent.flags,
    value: dictionary.get('V') ?? parent.value,
  };
}
