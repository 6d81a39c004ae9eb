import { createPrivateKey, type KeyObject, sign } from 'node:crypto';
import { type CadesTemplate, createCadesTemplate, parseCertificatesPem } from '@kyso/cms';
import { completeSignature, digestPrepared, type PdfDocument, type PrepareOptions, prepareSignature } from '@kyso/pdf';
import type { SoftwareSigner } from '@kyso/sandbox';

const digestAlgorithm = 'sha256';

/** Parsed once for each signer. */
const opened = new WeakMap<SoftwareSigner, { readonly key: KeyObject; readonly template: CadesTemplate }>();

function open(signer: SoftwareSigner) {
  const known = opened.get(signer);
  if (known !== undefined) return known;
  const certificates = parseCertificatesPem(signer.certificatePem);
  const [certificate] = certificates;
  if (certificate === undefined) throw new Error('expected a certificate');
  const template = createCadesTemplate({ signer: certificate, certificates, scheme: 'rsa-pkcs1', digestAlgorithm });
  const made = { key: createPrivateKey(signer.keyPem), template };
  opened.set(signer, made);
  return made;
}

/** The increment of one real B-B signature by a software key: to be written behind the document. Throws PdfError. */
export async function signedIncrement(
  document: PdfDocument,
  signer: SoftwareSigner,
  what: Pick<PrepareOptions, 'fieldName' | 'visible' | 'signingTime' | 'reason'>,
): Promise<Uint8Array> {
  const { key, template } = open(signer);
  const reservedBytes = template.sizeBytes(0);
  const prepared = await prepareSignature(document, { ...what, reservedBytes, name: signer.subjectName });
  const digest = await digestPrepared(document.source, prepared, digestAlgorithm);
  const signature = sign(digestAlgorithm, template.signedAttrs(digest), key);
  return completeSignature(prepared, template.assemble(digest, signature));
}
