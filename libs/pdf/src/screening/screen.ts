import type { PdfDocument } from '../document.js';
import { dictionaryOf } from '../reader/indirect-object.js';
import { Reference } from '../syntax/values.js';
import { ActionScreener } from './actions.js';
import { AnnotationScreener } from './annotations.js';
import { screenCatalog, screenOutline } from './catalog.js';
import { ContentScreener } from './content.js';
import { screenCrossReferences } from './cross-references.js';
import { Findings } from './findings.js';
import { screenForm } from './form.js';
import { type ScreeningFinding, type ScreeningKind, screeningKinds } from './kinds.js';
import { screenLayers } from './layers.js';
import { screenPages } from './pages.js';
import { screenShadows } from './shadows.js';
import { outOfBudget, TolerantView } from './tolerant-view.js';

/** What only the cross-reference data, the catalog and the form tell; everything else needs a walk over all pages. */
const withoutPages: ReadonlySet<ScreeningKind> = new Set([
  'xfa',
  'portfolio',
  'open-form-field',
  'generated-appearance',
  'hidden-layer',
  'hybrid',
  'unlisted-update',
  'stray-bytes',
  'not-screened',
]);
/** What needs a walk over all objects. */
const ofObjects = ['shadow-object', 'unreferenced-page', 'unlisted-object'] as const;

/**
 * Looks for what makes a document show, do or become something else than what its signer saw. Empty where there is nothing.
 *
 * Visited are the cross-reference data, the catalog with its name trees, layers, form and outline; each page with its
 * annotations and the dictionaries of the streams that it is drawn from; then each object of the file once, with the data
 * of streams left out. No content, image or font is read. At most `maxScreenedObjects` are visited; what lies beyond, or
 * can't be read, is the finding `not-screened`. Only `kinds` are looked for (default: all): pages, and objects, are visited
 * only for kinds that need it. Throws PdfError
 * LIMIT_EXCEEDED when the time is up.
 */
export async function screenPdf(
  document: PdfDocument,
  options: { readonly kinds?: Iterable<ScreeningKind> } = {},
): Promise<ScreeningFinding[]> {
  const { structure } = document;
  structure.meter.begin();
  const kinds = new Set(options.kinds ?? screeningKinds);
  const findings = new Findings(kinds);
  const view = new TolerantView(structure, findings);
  try {
    await screenCrossReferences(view);
    await screenObjects(view, kinds);
  } catch (error) {
    if (error !== outOfBudget) {
      throw error;
    }
    findings.add('not-screened', 'more objects than are looked at');
  }
  return findings.list();
}

async function screenObjects(view: TolerantView, kinds: ReadonlySet<ScreeningKind>): Promise<void> {
  const root = view.structure.trailer.get('Root');
  const catalog = root instanceof Reference ? dictionaryOf(await view.object(root)) : undefined;
  if (catalog === undefined) {
    // Nothing can be shown of such a file; it is refused as damaged elsewhere.
    view.findings.add('not-screened', 'a document without a catalog');
    return;
  }
  const actions = new ActionScreener(view);
  await screenLayers(view, catalog);
  await screenCatalog(view, actions, catalog);
  const form = await screenForm(view, actions, catalog);
  if ([...kinds].every((kind) => withoutPages.has(kind))) {
    return;
  }
  const content = new ContentScreener(view);
  const annotations = new AnnotationScreener(view, { actions, content, form });
  const pageObjects = new Set<number>();
  await screenPages(view, { actions, annotations, content, pageObjects }, catalog.get('Pages'));
  await screenOutline(view, actions, catalog);
  await content.screen();
  if (view.findings.wants(...ofObjects)) {
    await screenShadows(view, catalog.get('Pages'), pageObjects);
  }
}
