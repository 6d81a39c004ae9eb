import { type Dictionary, type PdfValue, Reference } from '../syntax/values.js';
import type { ActionScreener } from './actions.js';
import type { TolerantView } from './tolerant-view.js';

/** What the catalog itself names (ISO 32000-2, 7.7.2): actions on opening, name trees, files, portfolios. */
export async function screenCatalog(view: TolerantView, actions: ActionScreener, catalog: Dictionary): Promise<void> {
  const { findings } = view;
  if (catalog.ambiguous) {
    findings.add('ambiguous-dictionary', 'a key stands twice in the catalog');
  }
  await actions.action(catalog.get('OpenAction'));
  await actions.triggers(catalog.get('AA'));
  const names = await view.dictionary(catalog.get('Names'));
  if (findings.wants('script')) {
    await eachName(view, names?.get('JavaScript'), () => findings.add('script', 'a script of the document'));
  }
  if (findings.wants('embedded-file')) {
    await eachName(view, names?.get('EmbeddedFiles'), () => findings.add('embedded-file', 'an embedded file'));
    for (const item of await view.items(catalog.get('AF'))) {
      findings.add('embedded-file', 'an associated file', place(item));
    }
  }
  if (findings.wants('portfolio') && (await view.dictionary(catalog.get('Collection'))) !== undefined) {
    findings.add('portfolio', 'embedded files are shown in place of the pages');
  }
  if (findings.wants('xfa') && catalog.get('NeedsRendering') === true) {
    findings.add('xfa', 'the pages are built from XML');
  }
}

/** Actions of the outline's items (12.3.3). */
export async function screenOutline(view: TolerantView, actions: ActionScreener, catalog: Dictionary): Promise<void> {
  const outlines = await view.dictionary(catalog.get('Outlines'));
  const visited = new Set<number>();
  const pending = [outlines?.get('First')];
  while (pending.length > 0) {
    const next = pending.pop();
    if (!(next instanceof Reference) || visited.has(next.objectNumber)) {
      continue;
    }
    visited.add(next.objectNumber);
    const item = await view.dictionary(next);
    await actions.action(item?.get('A'), { objectNumber: next.objectNumber });
    pending.push(item?.get('Next'), item?.get('First'));
  }
}

/** Calls `visit` for each entry of a name tree (7.9.6), whose values are not read. */
async function eachName(view: TolerantView, root: PdfValue | undefined, visit: () => void): Promise<void> {
  const visited = new Set<number>();
  const pending = root === undefined ? [] : [root];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    if (next instanceof Reference) {
      if (visited.has(next.objectNumber)) {
        continue;
      }
      visited.add(next.objectNumber);
    }
    const node = await view.dictionary(next);
    const names = await view.items(node?.get('Names'));
    for (let index = 0; index + 1 < names.length; index += 2) {
      visit();
    }
    pending.push(...(await view.items(node?.get('Kids'))));
  }
}

function place(item: PdfValue): { objectNumber?: number } {
  return item instanceof Reference ? { objectNumber: item.objectNumber } : {};
}
