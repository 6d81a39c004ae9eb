import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a test certificate says. Dates as `YYYYMMDDHHMMSSZ`. */
export interface CertificatePlan {
  readonly subject: string;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly keyUsage?: string;
  /** Folder of the certificate that issues this one; absent: a root CA, signed by itself. */
  readonly issuer?: string;
}

/** A certificate and its key, made by openssl in a folder of their own: `cert.pem`, `key.pem`. Gives the certificate. */
export async function makeCertificate(folder: string, plan: CertificatePlan): Promise<string> {
  await mkdir(folder, { recursive: true });
  const at = (name: string): string => join(folder, name);
  await writeFile(at('index.txt'), '');
  await writeFile(at('index.txt.attr'), 'unique_subject = no\n');
  await writeFile(
    at('ca.cnf'),
    `[ca]\ndefault_ca=x\n[x]\ndatabase=${at('index.txt')}\nnew_certs_dir=${folder}\nrand_serial=yes\ndefault_md=sha256\n` +
      `policy=p\nx509_extensions=e\nstring_mask=utf8only\nutf8=yes\nemail_in_dn=yes\n` +
      `[p]\ncommonName=supplied\norganizationName=optional\nemailAddress=optional\n` +
      `[e]\nbasicConstraints=critical,CA:${plan.issuer === undefined ? 'TRUE' : 'FALSE'}\n` +
      `subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n` +
      `keyUsage=critical,${plan.keyUsage ?? 'digitalSignature,nonRepudiation'}\n` +
      `[req]\ndistinguished_name=d\nstring_mask=utf8only\nutf8=yes\n[d]\n`,
  );
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', at('key.pem')];
  const csr = ['-config', at('ca.cnf'), '-utf8', '-subj', plan.subject, '-out', at('csr.pem')];
  await run('openssl', ['req', '-new', ...key, ...csr]);
  const dates = ['-startdate', plan.notBefore ?? '20200101000000Z', '-enddate', plan.notAfter ?? '20490101000000Z'];
  const issuer =
    plan.issuer === undefined
      ? ['-selfsign', '-keyfile', at('key.pem')]
      : ['-cert', join(plan.issuer, 'cert.pem'), '-keyfile', join(plan.issuer, 'key.pem')];
  const files = ['-config', at('ca.cnf'), '-in', at('csr.pem'), '-out', at('cert.pem')];
  await run('openssl', ['ca', '-batch', '-notext', '-preserveDN', '-utf8', ...issuer, ...dates, ...files]);
  return readFile(at('cert.pem'), 'utf8');
}
