import { readRevisionSections, type RevisionSections } from '../reader/revisions.js';
import type { Structure } from '../reader/structure.js';
import { asBuffer } from '../sources.js';
import { isSpace } from '../syntax/parser.js';
import type { TolerantView } from './tolerant-view.js';

/** How much is looked at behind the newest revision; more than that is no white space of a producer. */
const maxRestBytes = 64 * 1024;

/** What the file's skeleton says: cross-reference data that two readers may follow to two documents. */
export async function screenCrossReferences(view: TolerantView): Promise<void> {
  const { findings, structure } = view;
  const hybrid = structure.sections.filter((section) => section.hybrid);
  for (const _ of hybrid) {
    findings.add('hybrid', 'a cross-reference table with a hidden stream');
  }
  if (!findings.wants('unlisted-update', 'stray-bytes')) {
    return;
  }
  if (structure.ends.trailingBytes > 0) {
    if (structure.ends.hasBrokenUpdate) {
      findings.add('unlisted-update', 'parts of an update behind the last %%EOF');
    } else {
      findings.add('stray-bytes', 'bytes behind the last %%EOF');
    }
  }
  const revisions = await view.attempt(() => readRevisionSections(structure));
  await view.attempt(() => screenStartXrefs(view, revisions ?? []));
  const newest = revisions?.reduce((end, revision) => Math.max(end, revision.end), 0) ?? structure.source.size;
  if (structure.ends.trailingBytes === 0 && (await hasMore(structure, newest))) {
    findings.add('unlisted-update', 'something behind the revision that startxref names');
  }
}

/** A reader that starts from the end of a revision must find the sections that the newest trailer leads to. */
async function screenStartXrefs(view: TolerantView, revisions: readonly RevisionSections[]): Promise<void> {
  const { headerOffset } = view.structure.ends;
  for (const { sections } of revisions) {
    const last = sections.reduce((latest, section) => (section.end > latest.end ? section : latest));
    const stated = await view.view.windows.at(last.end, ({ parser }) => {
      parser.tryKeyword('endstream');
      parser.tryKeyword('endobj');
      return parser.tryKeyword('startxref') ? parser.integer() : undefined;
    });
    // Behind the main table of a hybrid file comes the next section at once; 0 stands in linearized files.
    if (stated !== undefined && stated !== 0 && !sections.some(({ offset }) => offset === stated + headerOffset)) {
      view.findings.add('unlisted-update', 'a startxref that names another place than the trailers');
    }
  }
}

async function hasMore({ source }: Structure, from: number): Promise<boolean> {
  const bytes = asBuffer(await source.read(from, maxRestBytes));
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] === 0x25) {
      while (at < bytes.length && bytes[at] !== 10 && bytes[at] !== 13) {
        at += 1;
      }
    } else if (isSpace(bytes[at])) {
      at += 1;
    } else {
      return true;
    }
  }
  return from + bytes.length < source.size;
}
