const segmenter = new Intl.Segmenter();

/** Columns that the text takes on a terminal: one for each user-perceived character. */
function columns(text: string): number {
  return Array.from(segmenter.segment(text)).length;
}

/** Rows under two lines of head (Vietnamese, then English), aligned with spaces. */
export function renderTable(heads: readonly (readonly string[])[], rows: readonly (readonly string[])[]): string {
  const widths = (heads[0] ?? []).map((_, i) => Math.max(...[...heads, ...rows].map((row) => columns(row[i] ?? ''))));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => cell + ' '.repeat(Math.max(0, (widths[i] ?? 0) - columns(cell))))
      .join('  ')
      .trimEnd();
  return [...heads.map(line), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n');
}
