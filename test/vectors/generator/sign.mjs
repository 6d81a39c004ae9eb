// Signs with the libraries under test: what they make is judged by expectations that are written down by hand, and by other
// people's software. Key operations and tokens are OpenSSL's.
import { createHash, createPrivateKey, sign as signRaw } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCadesTemplate, parseCertificatesPem } from '@kyso/cms';
import {
  bufferSource,
  buildSecurityStore,
  completeSignature,
  digestPrepared,
  PdfDocument,
  prepareDocumentTimestamp,
  prepareSignature,
} from '@kyso/pdf';
import { openssl, timestamp } from './openssl.mjs';

const sha256 = (bytes) => createHash('sha256').update(bytes).digest();
const open = (pdf) => PdfDocument.open(bufferSource(pdf));

export class Signer {
  constructor(folder, t0) {
    this.folder = folder;
    this.t0 = t0;
  }

  pem(name) {
    return readFileSync(join(this.folder, `${name}.pem`), 'utf8');
  }

  der(name) {
    return parseCertificatesPem(this.pem(name))[0].der;
  }

  token(unit, digest) {
    const chain = unit === 'stranger-tsa' ? 'stranger-root.pem' : 'tsa-root.pem';
    return timestamp({ folder: this.folder, name: unit, chain }, digest);
  }

  /**
   * A signature in a new increment. `unit`: name of the TSA for a signature time-stamp; `imprintOf`: replaces the signature
   * value in the imprint; `claimed`: /M; `subFilter`: of the same length as the right one.
   */
  async sign(pdf, { as, field = 'Signature1', claimed = this.t0, ...rest }) {
    const prepared = await this.prepare(pdf, { field, claimed, ...rest });
    const digest = await digestPrepared(bufferSource(pdf), prepared, 'sha256');
    const [signer] = parseCertificatesPem(this.pem(as));
    const key = createPrivateKey(readFileSync(join(this.folder, `${as}.key`)));
    const scheme = key.asymmetricKeyType === 'ec' ? 'ecdsa' : 'rsa-pkcs1';
    const certificates = as === 'stranger' ? [signer] : [signer, ...parseCertificatesPem(this.pem('issuing'))];
    const template = createCadesTemplate({ signer, certificates, scheme, digestAlgorithm: 'sha256' });
    const value = signRaw('sha256', template.signedAttrs(digest), key);
    const token = rest.unit && this.token(rest.unit, sha256(rest.imprintOf ?? value));
    return Buffer.concat([pdf, completeSignature(prepared, template.assemble(digest, value, token))]);
  }

  /** As `sign`, with the CMS made by `openssl cms`: with a signing-time attribute, as many tools write it. */
  async signWithOpenssl(pdf, { as, field = 'Signature1', md = 'sha256', cades = true, subFilter }) {
    const prepared = await this.prepare(pdf, { field, claimed: this.t0, subFilter });
    const whole = Buffer.concat([pdf, prepared.increment]);
    const [, gapStart, gapEnd, length] = prepared.state.byteRange;
    const signed = Buffer.concat([whole.subarray(0, gapStart), whole.subarray(gapEnd, gapEnd + length)]);
    writeFileSync(join(this.folder, 'signed.bin'), signed);
    openssl(
      this.folder,
      `cms -sign -binary -in signed.bin -outform DER -out signed.cms -md ${md} ${cades ? '-cades' : ''} -nosmimecap
       -signer ${as}.pem -inkey ${as}.key -certfile issuing.pem`,
    );
    const cms = readFileSync(join(this.folder, 'signed.cms'));
    return Buffer.concat([pdf, completeSignature(prepared, cms)]);
  }

  async prepare(pdf, { field, claimed, subFilter }) {
    const document = await open(pdf);
    const options = { fieldName: field, reservedBytes: 7000, signingTime: claimed, name: 'Nguyễn Văn An' };
    const prepared = await prepareSignature(document, options);
    if (!subFilter) return prepared;
    const at = prepared.increment.indexOf('ETSI.CAdES.detached', 0, 'latin1');
    if (at < 0) throw new Error('no /SubFilter in the increment');
    Buffer.from(prepared.increment.buffer, prepared.increment.byteOffset + at, 19).write(subFilter, 'latin1');
    return prepared;
  }

  /** An increment with the DSS: names of certificates, DER of the rest. */
  async store(pdf, { certificates = [], ocspResponses = [], crls = [] }) {
    const evidence = { certificates: certificates.map((name) => this.der(name)), ocspResponses, crls };
    const increment = await buildSecurityStore(await open(pdf), evidence);
    return Buffer.concat([pdf, increment]);
  }

  async archive(pdf, { unit = 'archive-tsa', field = 'Timestamp1' } = {}) {
    const prepared = await prepareDocumentTimestamp(await open(pdf), { fieldName: field, reservedBytes: 5000 });
    const digest = await digestPrepared(bufferSource(pdf), prepared, 'sha256');
    return Buffer.concat([pdf, completeSignature(prepared, this.token(unit, digest))]);
  }
}
