import { describe, expect, it } from '@jest/globals';
import { contentDisposition, downloadName } from './content-disposition.js';

describe('contentDisposition', () => {
  it('gives Vietnamese names as RFC 8187 has them, with an ASCII name beside', () => {
    expect(contentDisposition('Quyết định số 12 (đã ký).pdf')).toBe(
      'attachment; filename="Quyet dinh so 12 (da ky).pdf"; ' +
        "filename*=UTF-8''Quy%E1%BA%BFt%20%C4%91%E1%BB%8Bnh%20s%E1%BB%91%2012%20%28%C4%91%C3%A3%20k%C3%BD%29.pdf",
    );
  });

  it('lets nothing break out of the quoted name', () => {
    expect(contentDisposition('a"\\\r\n;b/c%d.pdf')).toMatch(/^attachment; filename="a_____b_c_d\.pdf"; /);
    expect(contentDisposition('a"\\\r\n;b/c%d.pdf')).not.toMatch(/[\r\n]/);
  });

  it('survives half a surrogate pair', () => {
    expect(contentDisposition('\ud83d.pdf')).toContain("UTF-8''%EF%BF%BD.pdf");
  });
});

describe('downloadName', () => {
  it('names signed versions after the upload', () => {
    expect(downloadName('Đơn.PDF', 'doc_x', 0)).toBe('Đơn.pdf');
    expect(downloadName('Đơn.pdf', 'doc_x', 2)).toBe('Đơn-signed-2.pdf');
    expect(downloadName(undefined, 'doc_x', 1)).toBe('doc_x-signed-1.pdf');
  });
});
