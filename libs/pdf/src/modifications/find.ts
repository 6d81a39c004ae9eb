import type { PdfDocument } from '../document.js';
import { PdfError } from '../errors.js';
import { ObjectView } from '../reader/objects.js';
import { readFields, readForm } from '../reader/fields.js';
import { readRestriction } from '../reader/permissions.js';
import { readRevisionSections, type RevisionSections } from '../reader/revisions.js';
import { storeKeys } from '../reader/security-store.js';
import { readSignatures } from '../reader/signatures.js';
import { readCatalog, type Structure } from '../reader/structure.js';
import { changedKeys, sameValue } from '../syntax/same-value.js';
import { type Dictionary, isName, PdfArray, Reference } from '../syntax/values.js';
import type { ModificationFinding, PdfSignature } from '../types.js';
import { findChanges, findUses, isObjectStream, readable } from './changes.js';
import { Comparison, referenced } from './comparison.js';
import { findCoverageFaults, findUnaccountedBytes } from './coverage.js';
import { compareForm } from './form.js';
import { comparePages } from './pages.js';

/**
 * Compares the document as of the signature's revision with the whole file; empty when only permitted changes follow.
 *
 * Permitted are additions to /DSS, fields of later signatures and document time-stamps with their widgets and
 * appearances, values of existing fields (unless certified or locked against it), and what is shown on no page:
 * /Extensions, /Version and metadata. Everything else that the signed revision uses must be as it was.
 * Throws PdfError LIMIT_EXCEEDED.
 */
export async function findModifications(
  document: PdfDocument,
  signature: PdfSignature,
): Promise<ModificationFinding[]> {
  const { structure } = document;
  structure.meter.begin();
  const revisions = await readRevisionSections(structure);
  const signed = revisions.find((revision) => revision.number === signature.revision);
  const findings = await findCoverageFaults(structure, signature, signed);
  if (signed === undefined) {
    return findings;
  }
  try {
    findings.push(...(await findUnaccountedBytes(structure, revisions, signed)));
    if (signed.number < revisions.length) {
      findings.push(...(await compareRevisions(structure, signature, { revisions, signed })));
    }
  } catch (error) {
    // What can't be read can't be shown to be harmless; the signed revision itself was readable when it was signed.
    if (!(error instanceof PdfError) || error.code !== 'DAMAGED') {
      throw error;
    }
    findings.push({ code: 'UPDATE_UNREADABLE', detail: `expected ${error.expected}, found ${error.found}` });
  }
  return findings;
}

async function compareRevisions(
  structure: Structure,
  signature: PdfSignature,
  { revisions, signed }: { readonly revisions: readonly RevisionSections[]; readonly signed: RevisionSections },
): Promise<readonly ModificationFinding[]> {
  const values = await readSignatures(structure);
  const value = values.find(
    (candidate) =>
      candidate.signature.fieldName === signature.fieldName &&
      candidate.signature.contentsStart === signature.contentsStart,
  );
  if (value === undefined) {
    return [{ code: 'FIELD_CHANGED', detail: 'the signature is not in the document' }];
  }
  const covered = revisions.slice(0, signed.number).toReversed();
  const before = new ObjectView(
    structure.view.objects,
    covered.flatMap((revision) => revision.sections),
  );
  const after = structure.view;
  const changes = await findChanges(before, after, revisions.slice(signed.number));
  const uses = await findUses(before, changes);
  const own = (await readFields(before, await readForm(before))).find(({ name }) => name === signature.fieldName);
  const restriction = await readRestriction(before, own?.dictionary ?? value.field.dictionary, value.dictionary);
  const comparison = new Comparison(before, after, signature, { changes, uses, restriction });
  if (!sameValue(before.sections[0]?.trailer.get('Root'), after.sections[0]?.trailer.get('Root'))) {
    comparison.report('CATALOG_CHANGED', 'another catalog');
    return comparison.findings;
  }
  compareEncryption(comparison);
  await compareCatalog(comparison);
  await compareForm(comparison);
  await compareStore(comparison);
  await comparePages(comparison);
  await reportTheRest(comparison);
  return comparison.findings;
}

/** What every string and stream is decrypted with must be what it was. */
function compareEncryption(comparison: Comparison): void {
  const { before, after } = comparison;
  const written = before.sections[0]?.trailer.get('Encrypt');
  const objectNumber = referenced(written);
  const isChanged = objectNumber !== undefined && comparison.changes.has(objectNumber);
  if (isChanged || !sameValue(written, after.sections[0]?.trailer.get('Encrypt'))) {
    comparison.report('ENCRYPTION_CHANGED', 'another /Encrypt', objectNumber);
  }
}

async function compareCatalog(comparison: Comparison): Promise<void> {
  const old = await readCatalog(comparison.before);
  const current = await readCatalog(comparison.after);
  comparison.explain(old.object.objectNumber);
  for (const key of changedKeys(old.dictionary, current.dictionary)) {
    if (key === 'Metadata') {
      const metadata = await comparison.after.dictionary(current.dictionary.get(key));
      if (isName(metadata?.get('Type'), 'Metadata')) {
        continue;
      }
    }
    if (!['AcroForm', 'DSS', 'Extensions', 'Version'].includes(key)) {
      comparison.report('CATALOG_CHANGED', `/${key} of the catalog changed`, old.object.objectNumber);
    }
  }
  // XMP and the information dictionary are on no page, and common tools write them anew with each update.
  const metadata = referenced(old.dictionary.get('Metadata'));
  if (metadata !== undefined && comparison.belongsTo(metadata, new Set([old.object.objectNumber]))) {
    comparison.explain(metadata);
  }
  const information = referenced(comparison.before.sections[0]?.trailer.get('Info'));
  if (information !== undefined && comparison.referrers(information).size === 0) {
    comparison.explain(information);
  }
  // Extensions only name what a reader should know about (ISO 32000-2, 7.12).
  comparison.explain(referenced(old.dictionary.get('Extensions')));
}

/** Additions to the store (ETSI EN 319 142-1, 5.4.2) are what signatures are kept valid by; nothing may go. */
async function compareStore(comparison: Comparison): Promise<void> {
  const { before, after } = comparison;
  const oldCatalog = await readCatalog(before);
  const store = referenced(oldCatalog.dictionary.get('DSS'));
  if (store !== undefined && (await readable(before, store)) === undefined) {
    return;
  }
  const oldStore = await before.dictionary(oldCatalog.dictionary.get('DSS'));
  if (oldStore === undefined) {
    return;
  }
  const newStore = await after.dictionary((await readCatalog(after)).dictionary.get('DSS'));
  for (const { key } of storeKeys) {
    const kept = await before.resolve(oldStore.get(key));
    const now = await after.resolve(newStore?.get(key));
    const items = now instanceof PdfArray ? now.items : [];
    if (kept instanceof PdfArray && !kept.items.every((item) => items.some((other) => sameValue(item, other)))) {
      comparison.report('STORE_REDUCED', `evidence was removed from /${key} of /DSS`);
    }
  }
  const parts = await storeObjects(before, oldCatalog.dictionary);
  const owners = new Set([...parts, oldCatalog.object.objectNumber]);
  for (const objectNumber of parts) {
    if (comparison.belongsTo(objectNumber, owners)) {
      comparison.explain(objectNumber);
    }
  }
}

/** The dictionaries and arrays that make up the store, without its streams. */
async function storeObjects(view: ObjectView, catalog: Dictionary): Promise<Set<number>> {
  const found = new Set<number>();
  const pending = [{ value: catalog.get('DSS'), depth: 0 }];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { value, depth } = next;
    const object = value instanceof Reference ? await readable(view, value.objectNumber) : undefined;
    if (object !== undefined && (object.dataOffset !== undefined || found.has(object.objectNumber))) {
      continue;
    }
    if (object !== undefined) {
      found.add(object.objectNumber);
    }
    const content = object === undefined ? value : object.value;
    // DSS, VRI, one entry, its arrays: nothing lies deeper.
    if (depth < 4 && content instanceof PdfArray) {
      pending.push(...content.items.map((item) => ({ value: item, depth: depth + 1 })));
    } else if (depth < 4 && typeof content === 'object' && content !== null && 'entries' in content) {
      pending.push(...[...content.entries.values()].map((entry) => ({ value: entry.value, depth: depth + 1 })));
    }
  }
  return found;
}

/** What nothing above has explained is permitted only if the signed revision never used it. */
async function reportTheRest(comparison: Comparison): Promise<void> {
  for (const [objectNumber, change] of comparison.changes) {
    const isUsed = comparison.referrers(objectNumber).size > 0;
    if (change === 'new' && isUsed) {
      comparison.report('DANGLING_REFERENCE', 'the signed revision refers to an object added later', objectNumber);
    } else if (change !== 'new' && !comparison.isExplained(objectNumber)) {
      if (await isObjectStream(comparison.before, objectNumber)) {
        comparison.report('OBJECT_REDEFINED', 'an object stream was replaced', objectNumber);
      } else if (isUsed) {
        comparison.report('OBJECT_REDEFINED', `an object that the signed revision uses was ${change}`, objectNumber);
      }
    }
  }
}
