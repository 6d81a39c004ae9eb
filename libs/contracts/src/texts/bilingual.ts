/** A text that people read: Vietnamese as officials write it, and the same in English. Unicode NFC, plain text, no markup. */
export interface BilingualText {
  readonly vi: string;
  readonly en: string;
}

/** A row of the catalogue. */
export function text(vi: string, en: string): BilingualText {
  return { vi, en };
}
