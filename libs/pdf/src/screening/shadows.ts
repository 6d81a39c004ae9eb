import { dictionaryOf } from '../reader/indirect-object.js';
import { ObjectView } from '../reader/objects.js';
import { PageTree } from '../reader/pages.js';
import { sameValue } from '../syntax/same-value.js';
import { isName, type PdfValue, Reference } from '../syntax/values.js';
import { screenBodies } from './bodies.js';
import type { ListedRevision } from './listed-revision.js';
import type { TolerantView } from './tolerant-view.js';

/**
 * Objects that wait for a later update to put them in the place of what is shown (Mainka, Mladenov, Rohlmann: Shadow
 * Attacks, NDSS 2021): defined twice, a second catalog, pages outside of the page tree. A page that an earlier revision
 * showed is not one of them: deleting pages leaves such. `pages` is the catalog's /Pages, `pageObjects` are the
 * nodes of that tree.
 */
export async function screenShadows(
  view: TolerantView,
  pages: PdfValue | undefined,
  pageObjects: ReadonlySet<number>,
): Promise<void> {
  const { findings, structure } = view;
  const roots = new Set(structure.sections.map(({ trailer }) => numberOf(trailer.get('Root'))));
  const outside: { readonly objectNumber: number; readonly revision: ListedRevision }[] = [];
  await screenBodies(view, (objectNumber, object, { revision, isCurrent }) => {
    const type = dictionaryOf(object)?.get('Type');
    if (isName(type, 'Catalog') && !roots.has(objectNumber)) {
      // Some tools leave the catalog of the file that they wrote anew; a shadow document has pages of its own.
      if (sameValue(dictionaryOf(object)?.get('Pages'), pages)) {
        findings.add('unreferenced-page', 'another catalog of the same pages', { objectNumber });
      } else {
        findings.add('shadow-object', 'a catalog that no trailer names', { objectNumber });
      }
    } else if (isCurrent && (isName(type, 'Page') || isName(type, 'Pages')) && !pageObjects.has(objectNumber)) {
      outside.push({ objectNumber, revision });
    }
  });
  const trees = new Map<ListedRevision, ReadonlySet<number>>();
  for (const { objectNumber, revision } of outside) {
    let tree = trees.get(revision);
    if (tree === undefined) {
      tree = (await view.attempt(() => pagesAsOf(view, revision))) ?? new Set();
      trees.set(revision, tree);
    }
    if (!tree.has(objectNumber)) {
      findings.add('unreferenced-page', 'a page outside of the page tree', { objectNumber });
    }
  }
}

/** The pages that were shown when `revision` was the newest. */
async function pagesAsOf(view: TolerantView, revision: ListedRevision): Promise<ReadonlySet<number>> {
  const oldest = revision.sections[0];
  const { sections } = view.structure;
  const from = oldest === undefined ? sections.length : sections.indexOf(oldest);
  return new PageTree(new ObjectView(view.view.objects, sections.slice(from))).allPageNumbers();
}

function numberOf(root: unknown): number | undefined {
  return root instanceof Reference ? root.objectNumber : undefined;
}
