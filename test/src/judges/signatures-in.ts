import { checkCades } from '@kyso/cms';

/** A signature as plain text search finds it in the file: on purpose not with our own reader. */
export interface FoundSignature {
  readonly byteRange: readonly [number, number, number, number];
  readonly cmsDer: Buffer;
  readonly signedBytes: Buffer;
  readonly isDocumentTimestamp: boolean;
}

/** Every /ByteRange … /Contents <…> of the file, in the order of the file. */
export function signaturesIn(pdf: Buffer): FoundSignature[] {
  const text = pdf.toString('latin1');
  const found: FoundSignature[] = [];
  for (const match of text.matchAll(/\/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]/g)) {
    const [a, b, c, d] = match.slice(1).map(Number) as [number, number, number, number];
    const hex = text.slice(b + 1, c - 1);
    const padded = Buffer.from(hex, 'hex');
    found.push({
      byteRange: [a, b, c, d],
      cmsDer: padded.subarray(0, derLength(padded)),
      signedBytes: Buffer.concat([pdf.subarray(a, a + b), pdf.subarray(c, c + d)]),
      isDocumentTimestamp: text.slice(match.index - 400, match.index + 400).includes('ETSI.RFC3161'),
    });
  }
  return found;
}

function derLength(der: Buffer): number {
  const first = der[1] ?? 0;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  return 2 + count + der.readUIntBE(2, count);
}

/** The signature time-stamp token and the value that it covers; undefined for B-B. */
export async function timestampOf(
  signature: FoundSignature,
): Promise<{ tokenDer: Uint8Array; value: Uint8Array } | undefined> {
  const check = await checkCades(signature.cmsDer, () => Promise.resolve(new Uint8Array(32)));
  if (check.timestampTokenDer === undefined) return undefined;
  return { tokenDer: check.timestampTokenDer, value: check.signatureValue };
}
