/** How a made document is stored (ISO 32000-2, 7.5). */
export const structures = ['table', 'xref-stream', 'object-streams', 'hybrid'] as const;
export const trees = ['flat', 'deep', 'pairs', 'lopsided'] as const;
export const holders = ['missing', 'direct', 'indirect'] as const;

type Box = readonly [left: number, bottom: number, right: number, top: number];

/** What a made document looks like: enough to cross every structure with every page tree, box and rotation. */
export interface DocumentPlan {
  readonly structure: (typeof structures)[number];
  readonly deflated: boolean;
  readonly tree: (typeof trees)[number];
  readonly pages: number;
  /** Added to the /Count of the root: many writers don't keep it right. */
  readonly countError: number;
  readonly mediaBox: Box;
  readonly cropBox: Box | undefined;
  /** Attributes stand at the root of the page tree instead of the pages. */
  readonly isInherited: boolean;
  readonly rotate: number;
  readonly userUnit: number | undefined;
  readonly annots: (typeof holders)[number];
  readonly form: (typeof holders)[number];
  /** Later revisions, each of which writes the first page again. */
  readonly revisions: number;
  readonly eol: '\n' | '\r\n' | '\r';
  readonly before: string;
  readonly after: string;
}

/** Objects of the document by number; 1 is the catalog, 2 the root of the page tree, 3 the first page. */
export function objectsOf(plan: DocumentPlan): Map<number, string> {
  const objects = new Map<number, string>();
  const attributes = attributesOf(plan);
  let next = 3 + plan.pages;
  const allocate = (): number => next++;
  const pageNumbers = Array.from({ length: plan.pages }, (_, index) => 3 + index);

  const parents = new Map<number, number>();
  const node = (number: number, kids: readonly number[], leaves: number): void => {
    const own = number === 2 && plan.isInherited ? attributes : '';
    const count = Math.max(0, leaves + (number === 2 ? plan.countError : 0));
    const list = kids.map((kid) => `${kid} 0 R`).join(' ');
    const parent = parents.get(number);
    const up = parent === undefined ? '' : `/Parent ${parent} 0 R`;
    for (const kid of kids) parents.set(kid, number);
    objects.set(number, `<< /Type /Pages /Kids [${list}] /Count ${count} ${up} ${own} >>`);
  };
  const build = (number: number, leaves: readonly number[]): void => {
    const parts = split(leaves, plan.tree);
    if (parts === undefined) {
      node(number, leaves, leaves.length);
      return;
    }
    const kids = parts.map((part) => (part.length === 1 && part[0] !== undefined ? part[0] : allocate()));
    node(number, kids, leaves.length);
    for (const [index, part] of parts.entries()) {
      const kid = kids[index];
      if (part.length > 1 && kid !== undefined) build(kid, part);
    }
  };
  build(2, pageNumbers);

  const font = allocate();
  objects.set(font, '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>');
  for (const [index, number] of pageNumbers.entries()) {
    const contents = allocate();
    objects.set(contents, stream(`BT /F1 18 Tf 20 20 Td (Page ${index + 1}) Tj ET`));
    const annots = index === 0 ? annotsOf(plan, { objects, allocate, page: number }) : '';
    const own = plan.isInherited ? '' : attributes;
    const resources = `/Resources << /Font << /F1 ${font} 0 R >> >>`;
    const body = `/Parent ${parents.get(number) ?? 2} 0 R /Contents ${contents} 0 R ${resources} ${own} ${annots}`;
    objects.set(number, `<< /Type /Page ${body} >>`);
  }
  objects.set(1, `<< /Type /Catalog /Pages 2 0 R ${formOf(plan, objects, allocate)} >>`);
  return objects;
}

/** A body of a stream object; `data` is latin1. */
export function stream(data: string, entries = ''): string {
  return `<< /Length ${data.length} ${entries} >>\nstream\n${data}\nendstream`;
}

function attributesOf({ mediaBox, cropBox, rotate, userUnit }: DocumentPlan): string {
  const crop = cropBox === undefined ? '' : `/CropBox [${cropBox.join(' ')}]`;
  // UserUnit isn't inheritable (ISO 32000-2, table 31), and stands with the others only for brevity.
  return `/MediaBox [${mediaBox.join(' ')}] ${crop} /Rotate ${rotate}${userUnit === undefined ? '' : ` /UserUnit ${userUnit}`}`;
}

/** Parts of the pages below one node; undefined where the node holds them itself. */
function split(leaves: readonly number[], tree: DocumentPlan['tree']): (readonly number[])[] | undefined {
  if (leaves.length < 2) return undefined;
  switch (tree) {
    case 'flat':
      return undefined;
    case 'deep':
      return [leaves.slice(0, 1), leaves.slice(1)];
    case 'pairs':
      return leaves.length === 2 ? undefined : [leaves.slice(0, leaves.length >> 1), leaves.slice(leaves.length >> 1)];
    case 'lopsided':
      return [leaves.slice(0, -1), leaves.slice(-1)];
  }
}

interface Room {
  readonly objects: Map<number, string>;
  allocate(): number;
  readonly page: number;
}

function annotsOf({ annots }: DocumentPlan, room: Room): string {
  if (annots === 'missing') return '';
  const link = room.allocate();
  room.objects.set(link, `<< /Type /Annot /Subtype /Link /Rect [0 0 9 9] /Border [0 0 0] /P ${room.page} 0 R >>`);
  if (annots === 'direct') return `/Annots [${link} 0 R]`;
  const array = room.allocate();
  room.objects.set(array, `[${link} 0 R]`);
  return `/Annots ${array} 0 R`;
}

function formOf({ form }: DocumentPlan, objects: Map<number, string>, allocate: () => number): string {
  if (form === 'missing') return '';
  if (form === 'direct') return '/AcroForm << /Fields [] >>';
  const [holder, fields] = [allocate(), allocate()];
  objects.set(holder, `<< /Fields ${fields} 0 R /DA (/Helv 0 Tf) >>`);
  objects.set(fields, '[]');
  return `/AcroForm ${holder} 0 R`;
}
