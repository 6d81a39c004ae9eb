import { Dictionary, Name, PdfArray, PdfString, type PdfValue, Reference } from './values.js';

/** True when both say the same, whatever their white space; references are the same when they name the same object. */
export function sameValue(a: PdfValue | undefined, b: PdfValue | undefined): boolean {
  if (a === b || ((a === null || a === undefined) && (b === null || b === undefined))) {
    return true;
  }
  if (a instanceof Reference) {
    return b instanceof Reference && a.objectNumber === b.objectNumber && a.generation === b.generation;
  }
  if (a instanceof Name) {
    return b instanceof Name && a.value === b.value;
  }
  if (a instanceof PdfString) {
    return b instanceof PdfString && a.decoded().equals(b.decoded());
  }
  if (a instanceof PdfArray) {
    return (
      b instanceof PdfArray &&
      a.items.length === b.items.length &&
      a.items.every((item, index) => sameValue(item, b.items[index]))
    );
  }
  if (a instanceof Dictionary) {
    // A key that stands twice means different things to different readers: never the same.
    return b instanceof Dictionary && !a.ambiguous && !b.ambiguous && changedKeys(a, b).length === 0;
  }
  return false;
}

/** The keys whose values differ, or that only one of them has. */
export function changedKeys(a: Dictionary | undefined, b: Dictionary | undefined): string[] {
  const keys = new Set([...(a?.entries.keys() ?? []), ...(b?.entries.keys() ?? [])]);
  return [...keys].filter((key) => !sameValue(a?.get(key), b?.get(key)));
}

/** Calls `visit` for each reference within the value. */
export function forEachReference(value: PdfValue | undefined, visit: (reference: Reference) => void): void {
  if (value instanceof Reference) {
    visit(value);
  } else if (value instanceof PdfArray) {
    for (const item of value.items) {
      forEachReference(item, visit);
    }
  } else if (value instanceof Dictionary) {
    for (const entry of value.entries.values()) {
      forEachReference(entry.value, visit);
    }
  }
}
