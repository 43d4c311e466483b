/**
 * The temporary folder of a benchmark: copies of the artefacts (a build that is run meanwhile exchanges `dist`), mails,
 * configuration, certificates, and request bodies that are encoded already. It is removed however the process ends,
 * unless it is killed.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../functions/core/message.ts';
import { type FormValue, multipart } from '../../functions/core/multipart.ts';
import { makeCertificates } from '../certificates.ts';
import { mailOf } from './mail.ts';

export const recipient = 'group@groups.example.com';
export const token = 'theValueOfTheToken';
/** That of every encoded body. */
export const contentType = multipart({}).contentType;

export interface Workshop {
  readonly folder: string;
  /** Of the authority, and key and certificate of the server. */
  readonly caFile: string;
  readonly keyFile: string;
  readonly certFile: string;
  readonly configFile: string;
  readonly lockDir: string;
  /** Path of a file or folder of `dist` in the copy; undefined where it was not built. */
  artefact(name: string): string | undefined;
  /** Path of a mail of so many bytes. */
  mail(size: number): Promise<string>;
  /** Path of the body of the request that adds that mail. */
  addBody(size: number): Promise<string>;
  /** Path of the body of the request that looks the group up. */
  readonly lookUpBody: string;
}

/** Prepares the folder. It lies where a mail system's temporary files do, on a disk. */
export async function openWorkshop(): Promise<Workshop> {
  const folder = mkdtempSync('/var/tmp/smtp2gs-bench-');
  const certificates = makeCertificates();
  process.once('exit', () => {
    certificates.remove();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

  const keyFile = join(folder, 'key.pem');
  const certFile = join(folder, 'cert.pem');
  writeFileSync(keyFile, certificates.good.key);
  writeFileSync(certFile, certificates.good.cert);

  const dist = join(folder, 'dist');
  cpSync(new URL('../../dist', import.meta.url), dist, {
    recursive: true,
    filter: (path) => !path.endsWith('/dist/bench'),
  });
  const lockDir = join(folder, 'locks');
  mkdirSync(lockDir, { mode: 0o700 });
  const configFile = join(folder, 'gsconfig.ini');
  writeFileSync(configFile, `[webservice-default]\ntoken = ${token}\n`);
  const lookUpBody = join(folder, 'look-up.body');
  await writeForm(lookUpBody, { 'form.email': recipient, 'form.actions.check': 'Check', 'form.token': token });

  const made = new Map<string, Promise<string>>();
  const make = (name: string, write: (path: string) => Promise<void>) => {
    const path = join(folder, name);
    const making = made.get(name) ?? write(path).then(() => path);
    made.set(name, making);
    return making;
  };
  return {
    folder,
    caFile: certificates.caFile,
    keyFile,
    certFile,
    configFile,
    lockDir,
    lookUpBody,
    artefact(name) {
      const path = join(dist, name);
      return existsSync(path) ? path : undefined;
    },
    mail: (size) =>
      make(`${size}.eml`, async (path) => {
        writeFileSync(path, mailOf(size));
      }),
    addBody: (size) =>
      make(`${size}.body`, (path) =>
        writeForm(path, {
          'form.emailMessage': messageOf(mailOf(size)),
          'form.groupId': 'example_group',
          'form.timeSource': 'server',
          'form.actions.add': 'Add',
          'form.token': token,
        }),
      ),
  };
}

async function writeForm(path: string, fields: Record<string, FormValue>): Promise<void> {
  const file = await open(path, 'w');
  try {
    for await (const piece of multipart(fields).read()) await file.write(piece);
  } finally {
    await file.close();
  }
}
