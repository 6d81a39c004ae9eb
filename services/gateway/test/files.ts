import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';

/** A PDF with a classic cross-reference table and A4 pages; `paddingBytes` of a stream that nothing shows make it longer; `catalog` is added to it. */
export function makePdf(options: { pages?: number; paddingBytes?: number; catalog?: string } = {}): Buffer {
  const pages = options.pages ?? 1;
  const kids = Array.from({ length: pages }, (_value, index) => `${4 + index} 0 R`).join(' ');
  const objects: Buffer[] = [
    Buffer.from(`<< /Type /Catalog /Pages 2 0 R ${options.catalog ?? ''} >>`),
    Buffer.from(`<< /Type /Pages /Kids [${kids}] /Count ${pages} >>`),
    Buffer.concat([
      Buffer.from(`<< /Length ${options.paddingBytes ?? 4} >>\nstream\n`),
      Buffer.alloc(options.paddingBytes ?? 4, 'x'),
      Buffer.from('\nendstream'),
    ]),
  ];
  for (let page = 0; page < pages; page++) {
    objects.push(Buffer.from('<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << >> >>'));
  }
  const parts: Buffer[] = [Buffer.from('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n', 'latin1')];
  let offset = parts[0]!.length;
  const entries: string[] = ['0000000000 65535 f \n'];
  for (const [index, object] of objects.entries()) {
    entries.push(`${String(offset).padStart(10, '0')} 00000 n \n`);
    const part = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), object, Buffer.from('\nendobj\n')]);
    parts.push(part);
    offset += part.length;
  }
  const size = objects.length + 1;
  parts.push(
    Buffer.from(
      `xref\n0 ${size}\n${entries.join('')}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${offset}\n%%EOF\n`,
    ),
  );
  return Buffer.concat(parts);
}

/** The PDF encrypted by qpdf with that user password (empty: permissions only) and qpdf's options for permissions. */
export function encryptPdf(pdf: Buffer, userPassword: string, ...permissions: string[]): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'kyso-qpdf-'));
  try {
    writeFileSync(join(folder, 'in.pdf'), pdf);
    execFileSync('qpdf', [
      '--encrypt',
      userPassword,
      'owner',
      '256',
      ...permissions,
      '--',
      join(folder, 'in.pdf'),
      join(folder, 'out.pdf'),
    ]);
    return readFileSync(join(folder, 'out.pdf'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}

/** A PNG of one blue, half transparent pixel. */
export function makePng(): Buffer {
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', Buffer.from('00000001000000010806000000', 'hex')),
    chunk('IDAT', deflateSync(Buffer.from('000000ff80', 'hex'))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
