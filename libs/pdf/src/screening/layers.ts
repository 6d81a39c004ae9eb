import { type Dictionary, isName, Name, type PdfValue, Reference } from '../syntax/values.js';
import type { TolerantView } from './tolerant-view.js';

/** Optional content (8.11). Content streams are not read: a layer counts whether or not something is drawn on it. */
export async function screenLayers(view: TolerantView, catalog: Dictionary): Promise<void> {
  const properties = await view.dictionary(catalog.get('OCProperties'));
  const config = await view.dictionary(properties?.get('D'));
  const groups = await view.items(properties?.get('OCGs'));
  if (groups.length === 0) {
    return;
  }
  const isOffAtFirst = isName(await view.resolve(config?.get('BaseState')), 'OFF');
  const off = numbersOf(await view.items(config?.get('OFF')));
  const on = numbersOf(await view.items(config?.get('ON')));
  const automatic = await readAutomatic(view, config);
  for (const group of groups) {
    if (!(group instanceof Reference)) {
      continue;
    }
    const { objectNumber } = group;
    const isOn = isOffAtFirst ? on.has(objectNumber) : !off.has(objectNumber);
    if (!isOn) {
      view.findings.add('hidden-layer', 'a layer that is off at first', { objectNumber });
    }
    const events = automatic.filter(({ groups: affected }) => affected.has(objectNumber));
    if (events.length > 0) {
      await screenUsage(view, group, { isOn, events });
    }
  }
}

interface Automatic {
  readonly event: string;
  readonly categories: ReadonlySet<string>;
  readonly groups: ReadonlySet<number>;
}

/** /AS (8.11.4.5): which usages readers apply by themselves on the screen and on paper. */
async function readAutomatic(view: TolerantView, config: Dictionary | undefined): Promise<readonly Automatic[]> {
  const found: Automatic[] = [];
  for (const item of await view.items(config?.get('AS'))) {
    const usage = await view.dictionary(item);
    const event = nameOf(await view.resolve(usage?.get('Event')));
    const categories = (await view.items(usage?.get('Category'))).map(nameOf);
    if (event !== undefined) {
      const named = new Set(categories.filter((category) => category !== undefined));
      found.push({ event, categories: named, groups: numbersOf(await view.items(usage?.get('OCGs'))) });
    }
  }
  return found;
}

async function screenUsage(
  view: TolerantView,
  group: Reference,
  { isOn, events }: { readonly isOn: boolean; readonly events: readonly Automatic[] },
): Promise<void> {
  const { objectNumber } = group;
  const usage = await view.dictionary((await view.dictionary(group))?.get('Usage'));
  const stateFor = async (event: string): Promise<boolean> => {
    let state = isOn;
    for (const { categories } of events.filter((one) => one.event === event)) {
      for (const category of ['View', 'Print'].filter((one) => categories.has(one))) {
        const stated = nameOf(
          await view.resolve((await view.dictionary(usage?.get(category)))?.get(`${category}State`)),
        );
        // Off in one category is off (8.11.4.4).
        state = stated === undefined ? state : stated === 'ON';
      }
    }
    return state;
  };
  if ((await stateFor('View')) !== (await stateFor('Print'))) {
    view.findings.add('screen-print-difference', 'a layer that is on the screen or on paper, not on both', {
      objectNumber,
    });
  }
  const personal = ['Zoom', 'Language', 'User'].filter((category) =>
    events.some(({ categories }) => categories.has(category)),
  );
  if (personal.some((category) => usage?.entries.has(category) === true)) {
    view.findings.add('hidden-layer', 'a layer that hangs on zoom, language or user', { objectNumber });
  }
}

function nameOf(value: PdfValue): string | undefined {
  return value instanceof Name ? value.value : undefined;
}

function numbersOf(items: readonly PdfValue[]): Set<number> {
  return new Set(items.flatMap((item) => (item instanceof Reference ? [item.objectNumber] : [])));
}
