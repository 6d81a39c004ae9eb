import { createHash } from 'node:crypto';
import { PdfError } from '../errors.js';
import { latin1 } from '../appearance/pdf-syntax.js';
import type { StreamData } from './scan-page.js';

/**
 * Writes a PDF from its first byte to its last without holding more than the piece at hand: each method gives the next bytes.
 * The structure is ISO 32000-2, 7.5, with one cross-reference table.
 */
export class PdfFile {
  private readonly offsets: number[] = [];
  private size = 0;
  private readonly hash = createHash('sha256');

  constructor(private readonly maxBytes: number) {}

  /** A number for an object that is written later. */
  allocate(): number {
    this.offsets.push(-1);
    return this.offsets.length;
  }

  header(): Uint8Array {
    // Four bytes above 127 say that the file isn't text (7.5.2).
    return this.written(latin1('%PDF-1.7\n%\xe2\xe3\xcf\xd3\n'));
  }

  object(number: number, body: string): Uint8Array {
    this.begin(number);
    return this.written(latin1(`${number} 0 obj\n${body}\nendobj\n`));
  }

  /** A stream; where its length isn't known before, it stands in an object of its own. */
  async *stream(number: number, entries: string, data: StreamData): AsyncGenerator<Uint8Array> {
    const lengthNumber = data.length === undefined ? this.allocate() : undefined;
    const length = lengthNumber === undefined ? `${data.length}` : `${lengthNumber} 0 R`;
    this.begin(number);
    yield this.written(latin1(`${number} 0 obj\n<<${entries}/Length ${length}>>stream\n`));
    const start = this.size;
    for await (const chunk of data.chunks()) yield this.written(chunk);
    const bytes = this.size - start;
    if (data.length !== undefined && data.length !== bytes) {
      throw new Error(`a stream of ${data.length} bytes turned out to have ${bytes}`);
    }
    yield this.written(latin1('\nendstream\nendobj\n'));
    if (lengthNumber !== undefined) yield this.object(lengthNumber, String(bytes));
  }

  /** The cross-reference table and the trailer; /ID is the hash of everything before, so that equal pages give equal files. */
  end(rootNumber: number, infoNumber: number | undefined): Uint8Array {
    const start = this.size;
    const rows = this.offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`);
    const id = this.hash.copy().digest('hex').slice(0, 32);
    const info = infoNumber === undefined ? '' : `/Info ${infoNumber} 0 R`;
    return this.written(
      latin1(
        `xref\n0 ${rows.length + 1}\n0000000000 65535 f \n${rows.join('')}` +
          `trailer\n<</Size ${rows.length + 1}/Root ${rootNumber} 0 R${info}/ID[<${id}><${id}>]>>\n` +
          `startxref\n${start}\n%%EOF\n`,
      ),
    );
  }

  private begin(number: number): void {
    this.offsets[number - 1] = this.size;
  }

  private written(bytes: Uint8Array): Uint8Array {
    this.size += bytes.length;
    if (this.size > this.maxBytes) {
      throw new PdfError('LIMIT_EXCEEDED', `a PDF of at most ${this.maxBytes} bytes`, 'more');
    }
    this.hash.update(bytes);
    return bytes;
  }
}
