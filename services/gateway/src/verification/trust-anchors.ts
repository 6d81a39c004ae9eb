import { readFile } from 'node:fs/promises';
import { parseCertificatesPem, type Certificate } from '@kyso/cms';

/** Reads the CA certificates of a PEM file. Throws an Error that names the file when it holds none or something else. */
export async function readTrustAnchors(path: string): Promise<Certificate[]> {
  let anchors: Certificate[];
  try {
    anchors = parseCertificatesPem(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new Error(`Trust anchors: expected PEM certificates in ${path}`, { cause });
  }
  if (anchors.length === 0) throw new Error(`Trust anchors: expected certificates in ${path}, found none`);
  return anchors;
}
