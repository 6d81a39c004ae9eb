import { randomBytes } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { once } from 'node:events';

export interface InputPlan {
  readonly pages: number;
  /** Size of the file, roughly: random bytes in image streams, spread over the pages. */
  readonly sizeBytes: number;
}

/** Writes a classic PDF 1.7 of that many pages and bytes to `file`, unless it is there already. Returns its size. */
export async function makeInput(file: string, plan: InputPlan): Promise<number> {
  const there = await stat(file).catch(() => undefined);
  if (there !== undefined) return there.size;
  await mkdir(dirname(file), { recursive: true });
  const out = createWriteStream(file);
  const offsets: number[] = [];
  let position = 0;
  const write = async (data: string | Buffer): Promise<void> => {
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data;
    position += bytes.length;
    if (!out.write(bytes)) await once(out, 'drain');
  };
  const object = async (number: number, head: string, body?: Buffer): Promise<void> => {
    offsets[number] = position;
    if (body === undefined) return write(`${number} 0 obj\n${head}\nendobj\n`);
    await write(`${number} 0 obj\n${head}\nstream\n`);
    await write(body);
    await write('\nendstream\nendobj\n');
  };
  const perPage = Math.max(64, Math.floor(plan.sizeBytes / plan.pages) - 400);
  const kids = Array.from({ length: plan.pages }, (_, i) => `${3 + i * 3} 0 R`).join(' ');
  await write('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n');
  await object(1, '<< /Type /Catalog /Pages 2 0 R >>');
  await object(2, `<< /Type /Pages /Count ${plan.pages} /MediaBox [0 0 595.28 841.89] /Kids [${kids}] >>`);
  for (let i = 0; i < plan.pages; i++) {
    const page = 3 + i * 3;
    const content = Buffer.from(`q 500 0 0 700 40 70 cm /Im0 Do Q\n`);
    const side = Math.max(8, Math.floor(Math.sqrt(perPage)));
    await object(
      page,
      `<< /Type /Page /Parent 2 0 R /Contents ${page + 1} 0 R /Resources << /XObject << /Im0 ${page + 2} 0 R >> >> >>`,
    );
    await object(page + 1, `<< /Length ${content.length} >>`, content);
    await object(
      page + 2,
      `<< /Type /XObject /Subtype /Image /Width ${side} /Height ${side} /ColorSpace /DeviceGray /BitsPerComponent 8 /Length ${side * side} >>`,
      randomBytes(side * side),
    );
  }
  const startXref = position;
  const entries = offsets.slice(1).map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
  await write(`xref\n0 ${offsets.length}\n0000000000 65535 f \n${entries.join('')}`);
  await write(`trailer\n<< /Size ${offsets.length} /Root 1 0 R >>\nstartxref\n${startXref}\n%%EOF\n`);
  out.end();
  await once(out, 'close');
  return position;
}
