import type { Identity, OpensslFolder } from './openssl.js';

/** One line of the database from which `openssl ca` and `openssl ocsp` answer. */
export interface DatabaseEntry {
  readonly identity: Identity;
  /** Absent: valid. */
  readonly revokedAt?: Date;
  /** openssl's name, such as keyCompromise. */
  readonly reason?: string;
}

const utcTime = (date: Date): string =>
  date
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, '')
    .slice(2);

/** Writes index.txt: status, expiry, revocation[,reason], serial, file, subject. */
export function writeDatabase(folder: OpensslFolder, entries: readonly DatabaseEntry[]): string {
  const lines = entries.map(({ identity, revokedAt, reason }) => {
    const { certificate } = identity;
    const revocation = revokedAt ? `${utcTime(revokedAt)}${reason ? `,${reason}` : ''}` : '';
    const serial = certificate.serialNumber.toUpperCase();
    return [revokedAt ? 'R' : 'V', utcTime(certificate.notAfter), revocation, serial, 'unknown', '/CN=x'].join('\t');
  });
  return folder.write('index.txt', lines.map((line) => `${line}\n`).join(''));
}

/** What a CRL shall be. */
export interface CrlPlan {
  readonly issuer: Identity;
  readonly entries?: readonly DatabaseEntry[];
  /** Lines of openssl's extension section. */
  readonly extensions?: readonly string[];
  readonly lastUpdate?: Date;
  readonly nextUpdate?: Date;
  readonly digest?: string;
}

/** Has `openssl ca -gencrl` make a CRL, DER. */
export function makeCrl(folder: OpensslFolder, plan: CrlPlan): Buffer {
  const index = writeDatabase(folder, plan.entries ?? []);
  folder.write('crlnumber', '1000\n');
  const lines = [
    '[ca]',
    'default_ca=d',
    '[d]',
    `database=${index}`,
    'crlnumber=crlnumber',
    'default_md=sha256',
    'crl_extensions=e',
    '[e]',
  ];
  const extensions = plan.extensions ?? ['authorityKeyIdentifier=keyid'];
  const configuration = folder.write('crl.cnf', [...lines, ...extensions].join('\n'));
  const lastUpdate = plan.lastUpdate ?? new Date(Date.now() - 60_000);
  const nextUpdate = plan.nextUpdate ?? new Date(Date.now() + 86_400_000);
  folder.run(
    ['ca', '-gencrl', '-config', configuration, '-cert', plan.issuer.certificateFile],
    ['-keyfile', plan.issuer.keyFile, '-md', plan.digest ?? 'sha256', '-out', 'crl.pem'],
    ['-crl_lastupdate', utcTime(lastUpdate), '-crl_nextupdate', utcTime(nextUpdate)],
  );
  folder.run('crl', '-in', 'crl.pem', '-outform', 'DER', '-out', 'crl.der');
  return folder.read('crl.der');
}

/** What an OCSP answer shall be. */
export interface OcspPlan {
  /** DER of the OCSPRequest. */
  readonly request: Uint8Array;
  readonly issuer: Identity;
  readonly responder: Identity;
  readonly entries: readonly DatabaseEntry[];
  /** More options of openssl ocsp, such as -resp_key_id. Without -ndays there is no nextUpdate. */
  readonly options?: readonly string[];
}

/** Has `openssl ocsp` answer a request, DER. */
export function answerOcsp(folder: OpensslFolder, plan: OcspPlan): Buffer {
  const index = writeDatabase(folder, plan.entries);
  folder.write('ocsp.req', plan.request);
  folder.run(
    ['ocsp', '-index', index, '-CA', plan.issuer.certificateFile, '-reqin', 'ocsp.req', '-respout', 'ocsp.resp'],
    ['-rsigner', plan.responder.certificateFile, '-rkey', plan.responder.keyFile],
    plan.options ?? ['-ndays', '1'],
  );
  return folder.read('ocsp.resp');
}
