import { dictionaryOf, type IndirectObject } from '../reader/indirect-object.js';
import type { ListedRevision, OnObject } from './listed-revision.js';
import type { TolerantView } from './tolerant-view.js';

/** The objects inside of an object stream (ISO 32000-2, 7.5.7): each one must be where its revision says it is. */
export async function screenMembers(
  view: TolerantView,
  container: IndirectObject,
  context: { readonly revision: ListedRevision; readonly newer: ReadonlySet<number>; readonly onObject: OnObject },
): Promise<void> {
  const { revision, newer, onObject } = context;
  const { bytes, members } = await view.view.objects.objectStream(container, view.view);
  for (const [index, { objectNumber, offset }] of members.entries()) {
    view.spend();
    const entry = revision.entries.get(objectNumber);
    if (entry?.kind !== 'compressed' || entry.container !== container.objectNumber || entry.index !== index) {
      if (entry === undefined || entry.kind === 'free') {
        view.findings.add('unlisted-object', 'an object that no cross-reference section lists', { objectNumber });
      } else {
        view.findings.add('shadow-object', 'an object that stands twice in one revision', { objectNumber });
      }
      continue;
    }
    const value = view.view.windows.over(bytes, offset).value();
    const object = { objectNumber, generation: 0, value, dataOffset: undefined, base: undefined, parsedEnd: 0 };
    if (dictionaryOf(object) !== undefined) {
      onObject(objectNumber, object, { revision, isCurrent: !newer.has(objectNumber) });
    }
  }
}
