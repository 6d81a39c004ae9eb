import { createPrivateKey, sign } from 'node:crypto';
import { createCadesTemplate, parseCertificatesPem } from '@kyso/cms';
import {
  bufferSource,
  completeSignature,
  digestPrepared,
  PdfDocument,
  prepareSignature,
  type PrepareOptions,
} from '@kyso/pdf';

/** A PDF signed with a key in a PEM file, B-B, invisible unless said otherwise: what a verification is given in tests. */
export async function signPdf(
  pdf: Uint8Array,
  signer: { certificatePem: string; keyPem: string },
  visible?: PrepareOptions['visible'],
): Promise<Buffer> {
  const [certificate] = parseCertificatesPem(signer.certificatePem);
  if (certificate === undefined) throw new Error('no certificate');
  const source = bufferSource(pdf);
  const document = await PdfDocument.open(source);
  const prepared = await prepareSignature(document, {
    fieldName: 'Leader',
    reservedBytes: 8_192,
    signingTime: new Date(),
    ...(visible === undefined ? {} : { visible }),
  });
  const digest = await digestPrepared(source, prepared, 'sha256');
  const template = createCadesTemplate({
    signer: certificate,
    certificates: [certificate],
    scheme: 'ecdsa',
    digestAlgorithm: 'sha256',
  });
  const signature = sign('sha256', template.signedAttrs(digest), createPrivateKey(signer.keyPem));
  return Buffer.concat([pdf, completeSignature(prepared, template.assemble(digest, signature))]);
}
