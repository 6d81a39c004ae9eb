/** `Content-Disposition` for a download (RFC 6266): an ASCII name for old clients, and the real one as RFC 8187 has it. */
export function contentDisposition(fileName: string): string {
  const ascii = fileName
    .normalize('NFD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll('đ', 'd')
    .replaceAll('Đ', 'D')
    .replaceAll(/[^\x20-\x7e]|["\\%;/]/g, '_');
  // encodeURIComponent leaves ' ( ) * alone, which are no attr-char (RFC 8187, 3.2.1).
  const encoded = encodeURIComponent(fileName.replaceAll(/\p{Surrogate}/gu, '\ufffd')).replaceAll(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

/** The name that a version is offered under: that of the upload, with `-signed-<n>` behind a signed one’s stem. */
export function downloadName(name: string | undefined, documentId: string, version: number): string {
  const base = (name ?? documentId).replace(/\.pdf$/i, '');
  return version === 0 ? `${base}.pdf` : `${base}-signed-${version}.pdf`;
}
