/**
 * Certificates for tests, made anew by openssl(1) in a temporary folder: no key lies in the repository.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export interface Certificates {
  /** PEM text and path of the authority that signed the others. */
  readonly ca: string;
  readonly caFile: string;
  /** For 127.0.0.1 and localhost. */
  readonly good: Certificate;
  readonly expired: Certificate;
  readonly wrongHost: Certificate;
  readonly selfSigned: Certificate;
  remove(): void;
}

const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** Makes an authority and one certificate of each kind. */
export function makeCertificates(): Certificates {
  const directory = mkdtempSync(join(tmpdir(), 'smtp2gs-certificates-'));
  const openssl = (...words: string[]) => execFileSync('openssl', words, { cwd: directory, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(directory, name), 'utf8');
  const self = (name: string, names: string) => {
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`, '-days', '2'];
    openssl('req', '-x509', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.pem`, ...subject);
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
  };
  const signed = (name: string, names: string, days: string) => {
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${names}`];
    openssl('req', '-new', ...newKey, '-keyout', `${name}.key`, '-out', `${name}.csr`, ...subject);
    const signing = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-days', days, '-copy_extensions', 'copy'];
    openssl('x509', '-req', '-in', `${name}.csr`, '-out', `${name}.pem`, ...signing);
    return { key: read(`${name}.key`), cert: read(`${name}.pem`) };
  };
  const here = 'IP:127.0.0.1,DNS:localhost';
  const { cert: ca } = self('ca', 'DNS:ca.example.com');
  return {
    ca,
    caFile: join(directory, 'ca.pem'),
    good: signed('good', here, '2'),
    expired: signed('expired', here, '-1'),
    wrongHost: signed('wrong-host', 'DNS:other.example.com', '2'),
    selfSigned: self('self-signed', here),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
