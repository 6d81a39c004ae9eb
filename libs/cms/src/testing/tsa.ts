import type { Identity, OpensslFolder } from './openssl.js';
import { makeIdentity } from './openssl.js';

export const TSA_EXTENSIONS = [
  'basicConstraints=CA:FALSE',
  'keyUsage=critical,digitalSignature',
  'extendedKeyUsage=critical,timeStamping',
];

export const TSA_POLICY = '1.3.6.1.4.1.99999.1';

/** A time-stamping unit below an authority. */
export const makeTsa = (
  folder: OpensslFolder,
  issuer: Identity,
  extensions: readonly string[] = TSA_EXTENSIONS,
): Identity =>
  makeIdentity(folder, { name: `tsa-${Math.random().toString(36).slice(2)}`, subject: '/CN=TSA', extensions, issuer });

/** Options of one answer. */
export interface ReplyOptions {
  /** Lines of the TSA section that replace the usual ones, such as ess_cert_id_alg=sha1. */
  readonly configuration?: readonly string[];
  /** Other certificates to go into the token. */
  readonly chain?: readonly Identity[];
}

/** Has `openssl ts -reply` answer a TimeStampReq; gives the TimeStampResp. */
export function replyTo(folder: OpensslFolder, tsa: Identity, request: Uint8Array, options: ReplyOptions = {}): Buffer {
  const query = folder.write('query.tsq', request);
  const overridden = new Set(options.configuration?.map((line) => line.split('=')[0]?.trim()));
  const usual = [
    'serial=serial.txt',
    'crypto_device=builtin',
    'digests=sha256,sha384,sha512',
    'signer_digest=sha256',
    `default_policy=${TSA_POLICY}`,
    'accuracy=secs:1,millisecs:500,microsecs:100',
    'tsa_name=yes',
    'ess_cert_id_chain=no',
    'ess_cert_id_alg=sha256',
    'clock_precision_digits=3',
  ].filter((line) => !overridden.has(line.split('=')[0]));
  const lines = ['[tsa]', 'default_tsa=t', '[t]', ...usual, ...(options.configuration ?? [])];
  const configuration = folder.write('tsa.cnf', lines.join('\n'));
  const chain = (options.chain ?? []).map(({ certificateFile }) =>
    folder.run('x509', '-in', certificateFile).toString(),
  );
  const chainFile = folder.write('tsa-chain.pem', chain.join('\n'));
  folder.run(
    ['ts', '-reply', '-config', configuration, '-queryfile', query, '-out', 'reply.tsr'],
    ['-signer', tsa.certificateFile, '-inkey', tsa.keyFile],
    chain.length > 0 ? ['-chain', chainFile] : [],
  );
  return folder.read('reply.tsr');
}
