import { deflateSync } from 'node:zlib';
import { type DocumentPlan, objectsOf, stream } from './document-plan.js';

/** Bytes per column of the cross-reference streams made here: type, offset, index. */
const columns = [1, 4, 2] as const;
const columnsWidth = 7;

/** Where an object stands: at an offset, or at an index in an object stream. */
type Place = { readonly offset: number } | { readonly container: number; readonly index: number };

/** The bytes of a planned document. */
export function writeDocument(plan: DocumentPlan): Buffer {
  const writer = new Writer(plan);
  writer.writeFirst(objectsOf(plan));
  for (let revision = 0; revision < plan.revisions; revision += 1) writer.writeAgain(3);
  return writer.finish();
}

class Writer {
  private text: string;
  private readonly headerAt: number;
  private objects: ReadonlyMap<number, string> = new Map();
  private size = 0;
  private lastSection = 0;

  constructor(private readonly plan: DocumentPlan) {
    const { before, eol } = plan;
    this.headerAt = before.length;
    this.text = `${before}%PDF-1.7${eol}%\xe2\xe3\xcf\xd3${eol}`;
  }

  writeFirst(objects: ReadonlyMap<number, string>): void {
    this.objects = objects;
    this.size = Math.max(...objects.keys()) + 1;
    const { structure } = this.plan;
    const packed = structure === 'object-streams' || structure === 'hybrid' ? packable(objects, structure) : [];
    const places = new Map<number, Place>();
    for (const [number, body] of objects) {
      if (!packed.includes(number)) places.set(number, { offset: this.put(number, body) });
    }
    if (structure === 'hybrid') this.writeHybrid(places, packed);
    else {
      if (packed.length > 0) this.pack(packed, places);
      this.section(places, '');
    }
  }

  /** A revision with one object as it was. */
  writeAgain(number: number): void {
    const body = this.objects.get(number) ?? 'null';
    this.section(new Map([[number, { offset: this.put(number, body) }]]), `/Prev ${this.lastSection}`);
  }

  finish(): Buffer {
    return Buffer.from(this.text + this.plan.after, 'latin1');
  }

  private put(number: number, body: string): number {
    const { eol } = this.plan;
    const offset = this.text.length - this.headerAt;
    this.text += `${number} 0 obj${eol}${body}${eol}endobj${eol}`;
    return offset;
  }

  private pack(numbers: readonly number[], places: Map<number, Place>): void {
    const container = this.size++;
    let [header, body] = ['', ''];
    for (const [index, number] of numbers.entries()) {
      header += `${number} ${body.length} `;
      body += `${this.objects.get(number) ?? 'null'} `;
      places.set(number, { container, index });
    }
    const entries = `/Type /ObjStm /N ${numbers.length} /First ${header.length}`;
    places.set(container, { offset: this.put(container, this.encoded(header + body, entries)) });
  }

  private section(places: Map<number, Place>, entries: string): void {
    const { structure } = this.plan;
    if (structure === 'xref-stream' || structure === 'object-streams') {
      const number = this.size++;
      const offset = this.text.length - this.headerAt;
      places.set(number, { offset });
      this.put(number, this.referenceStream(places, `/Root 1 0 R ${entries}`));
      this.close(offset);
    } else this.table(places, entries);
  }

  private writeHybrid(places: Map<number, Place>, packed: readonly number[]): void {
    const hidden = new Map<number, Place>();
    this.pack(packed, hidden);
    const number = this.size++;
    const offset = this.text.length - this.headerAt;
    this.put(number, this.referenceStream(hidden, ''));
    this.table(places, `/XRefStm ${offset}`);
  }

  private referenceStream(places: ReadonlyMap<number, Place>, entries: string): string {
    const numbers = [...places.keys()].toSorted((a, b) => a - b);
    const rows = Buffer.alloc(numbers.length * columnsWidth);
    for (const [row, number] of numbers.entries()) {
      const place = places.get(number);
      if (place === undefined) continue;
      const at = row * columnsWidth;
      const isPacked = 'container' in place;
      rows.writeUInt8(isPacked ? 2 : 1, at);
      rows.writeUInt32BE(isPacked ? place.container : place.offset, at + 1);
      rows.writeUInt16BE(isPacked ? place.index : 0, at + 5);
    }
    const index = numbers.map((number) => `${number} 1`).join(' ');
    const own = `/Type /XRef /Size ${this.size} /W [${columns.join(' ')}] /Index [${index}] ${entries}`;
    return this.encoded(rows.toString('latin1'), own);
  }

  private encoded(data: string, entries: string): string {
    if (!this.plan.deflated) return stream(data, entries);
    return stream(deflateSync(Buffer.from(data, 'latin1')).toString('latin1'), `/Filter /FlateDecode ${entries}`);
  }

  private table(places: ReadonlyMap<number, Place>, entries: string): void {
    const { eol } = this.plan;
    const offset = this.text.length - this.headerAt;
    const end = eol === '\r\n' ? '\r\n' : ` ${eol}`;
    this.text += `xref${eol}0 1${eol}0000000000 65535 f${end}`;
    for (const [number, place] of [...places].toSorted(([a], [b]) => a - b)) {
      if ('offset' in place) this.text += `${number} 1${eol}${String(place.offset).padStart(10, '0')} 00000 n${end}`;
    }
    this.text += `trailer${eol}<< /Size ${this.size} /Root 1 0 R ${entries} >>${eol}`;
    this.close(offset);
  }

  private close(section: number): void {
    const { eol } = this.plan;
    this.lastSection = section;
    this.text += `startxref${eol}${section}${eol}%%EOF${eol}`;
  }
}

/** No stream stands in an object stream; in a hybrid file the pages stay where old readers find them. */
function packable(objects: ReadonlyMap<number, string>, structure: DocumentPlan['structure']): number[] {
  return [...objects]
    .filter(([, body]) => !body.includes('\nstream\n'))
    .filter(([, body]) => structure === 'object-streams' || !/\/Type \/(Page|Pages|Catalog) /.test(body))
    .map(([number]) => number);
}
