import { type Dictionary, isName, type PdfValue, Reference } from '../syntax/values.js';
import type { ActionScreener } from './actions.js';
import type { AnnotationScreener } from './annotations.js';
import type { ContentScreener } from './content.js';
import type { TolerantView } from './tolerant-view.js';

/**
 * Walks the page tree (ISO 32000-2, 7.7.3) and screens each page; `pageObjects` gets the numbers of all its nodes, also
 * when the budget ends. Throws `outOfBudget`.
 */
export async function screenPages(
  view: TolerantView,
  parts: {
    readonly actions: ActionScreener;
    readonly annotations: AnnotationScreener;
    readonly content: ContentScreener;
    readonly pageObjects: Set<number>;
  },
  root: PdfValue | undefined,
): Promise<void> {
  const { actions, annotations, content, pageObjects } = parts;
  let page = 0;
  const pending: { readonly node: PdfValue; readonly resources: PdfValue | undefined }[] = [];
  if (root !== undefined) {
    pending.push({ node: root, resources: undefined });
  }
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node } = next;
    // A page that stands twice in the tree is screened once, and counts as a page each time.
    const isKnown = node instanceof Reference && pageObjects.has(node.objectNumber);
    if (!(node instanceof Reference) || isKnown) {
      page += isKnown ? 1 : 0;
      continue;
    }
    pageObjects.add(node.objectNumber);
    const dictionary = await view.dictionary(node);
    if (dictionary === undefined) {
      continue;
    }
    const resources = dictionary.get('Resources') ?? next.resources;
    if (isPageTreeNode(dictionary)) {
      const kids = await view.items(dictionary.get('Kids'));
      for (let index = kids.length - 1; index >= 0; index -= 1) {
        pending.push({ node: kids[index] ?? null, resources });
      }
      continue;
    }
    await screenPage({ dictionary, resources, page, objectNumber: node.objectNumber });
    page += 1;
  }

  async function screenPage(one: {
    readonly dictionary: Dictionary;
    readonly resources: PdfValue | undefined;
    readonly page: number;
    readonly objectNumber: number;
  }): Promise<void> {
    const { dictionary } = one;
    const place = { page: one.page, objectNumber: one.objectNumber };
    if (dictionary.ambiguous) {
      view.findings.add('ambiguous-dictionary', 'a key stands twice in a page', place);
    }
    await actions.triggers(dictionary.get('AA'), place);
    if (dictionary.entries.has('AF') && (await view.items(dictionary.get('AF'))).length > 0) {
      view.findings.add('embedded-file', 'an associated file', place);
    }
    if (dictionary.entries.has('Annots')) {
      await annotations.screen(dictionary.get('Annots'), one.page);
    }
    content.addPage(dictionary.get('Contents'), one.resources, one.page);
  }
}

function isPageTreeNode(dictionary: Dictionary): boolean {
  return dictionary.entries.has('Kids') || isName(dictionary.get('Type'), 'Pages');
}
