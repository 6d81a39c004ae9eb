/** A definition `N G obj` that the scan met. Offsets are those of the file. */
export interface FoundObject {
  readonly objectNumber: number;
  readonly generation: number;
  /** Of the object number. */
  readonly offset: number;
  /** Just after `obj`. */
  readonly bodyStart: number;
  /** Just after the value; that of `bodyStart` where it can't be read. */
  readonly valueEnd: number;
  /**
   * `sound`: readable and closed by `endobj` or a stream. `unclosed`: readable, but something else follows. `unreadable`:
   * no value that this reader understands; another one might. `cut-off`: the file ends within it.
   */
  state: 'sound' | 'unclosed' | 'unreadable' | 'cut-off';
  /** The names that decide what the scan does with it. */
  readonly type: 'ObjStm' | 'XRef' | 'Catalog' | 'Encrypt' | undefined;
  readonly stream: FoundStream | undefined;
}

/** The data of a stream that the scan met. */
export interface FoundStream {
  readonly dataOffset: number;
  /** The object that /Length refers to. */
  readonly lengthReference: number | undefined;
  /** Bytes of the data; undefined until they are known. */
  length: number | undefined;
  /** False where /Length says something else. */
  isLengthRight: boolean;
}

/** What all trailers and cross-reference streams say together: the last word on each key. */
export interface FoundTrailer {
  /** Object numbers of /Root, from the oldest to the newest. */
  readonly roots: number[];
  /** As written. */
  readonly raw: Map<'Info' | 'ID' | 'Encrypt', Buffer>;
  /** True when the newest trailer with a /Root lacks the /Encrypt of an older one: nobody knows what is encrypted then. */
  isEncryptLeftOut: boolean;
  /** True when a trailer that is damaged itself has the only /Encrypt. */
  isEncryptBroken: boolean;
}

/** Everything that one pass over a file finds. */
export interface Scan {
  /** In the order of the file. */
  readonly objects: FoundObject[];
  readonly trailer: FoundTrailer;
  /** Values of the objects that are unsigned integers: some are the /Length of a stream. */
  readonly integers: ReadonlyMap<number, number>;
  /** True when there is a signature value, or a signature field that has one. */
  readonly isSigned: boolean;
  /** The highest object number that was referred to. */
  readonly highestReference: number;
}
