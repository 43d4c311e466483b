/**
 * The command lines that are compared: both artefacts of smtp2gs, and peers that do the same two requests.
 */
import { join } from 'node:path';
import type { Peers } from './peers.ts';
import type { Command } from './runner.ts';
import { contentType, recipient, type Workshop } from './workshop.ts';

/** The artefacts, as the tables name them. */
export const artefacts = { standalone: 'smtp2gs', bundle: 'smtp2gs.cjs' } as const;

export type Artefact = keyof typeof artefacts;

/** How a delivery is run. */
export interface Delivery {
  /** Scheme, host and port. */
  readonly url: string;
  /** Bytes of the mail. */
  readonly size: number;
  /** Reads the mail from the file itself, not from a pipe. */
  readonly fromFile?: boolean;
  readonly slots?: number;
}

export interface Commands {
  /** Delivers by one of the artefacts. */
  smtp2gs(artefact: Artefact, delivery: Delivery): Promise<Command>;
  /** Both requests by one curl, on one connection, encoded beforehand. */
  curl(delivery: Delivery): Promise<Command | undefined>;
  /** One upload of the encoded body by curl. */
  curlUpload(delivery: Delivery): Promise<Command | undefined>;
  /** One upload by curl of what base64(1) makes of the mail on a pipe. */
  base64Curl(delivery: Delivery): Promise<Command | undefined>;
  requests(delivery: Delivery): Promise<Command | undefined>;
  lwp(delivery: Delivery): Promise<Command | undefined>;
  /** The words that start an artefact. */
  words(artefact: Artefact): readonly string[] | undefined;
  readonly node: Command;
}

const lookUpPage = '/gs-group-messages-add-group-exists.html';
const addPage = '/gs-group-messages-add-email.html';

const quietCurl = ['-q', '-s', '-S', '-f', '-H', 'Expect:', '-H', `Content-Type: ${contentType}`, '-o', '/dev/null'];

/** Gives the command lines for this machine. */
export function commandsOf(workshop: Workshop, peers: Peers): Commands {
  const { caFile } = workshop;
  const script = (name: string) => new URL(`peers/${name}`, import.meta.url).pathname;
  const isTls = (url: string) => url.startsWith('https:');
  const curlHead = (url: string) => [...quietCurl, ...(isTls(url) ? ['--cacert', caFile] : [])];
  const settings = ['--recipient', recipient, '--config', workshop.configFile, '--lock-dir', workshop.lockDir];
  const words = (artefact: Artefact) => {
    const path = workshop.artefact(artefacts[artefact]);
    if (path === undefined) return undefined;
    return artefact === 'bundle' ? [process.execPath, path] : [path];
  };
  return {
    words,
    node: { argv: [process.execPath, '-e', '0'] },
    async smtp2gs(artefact, { url, size, fromFile = false, slots = 1 }) {
      const mail = await workshop.mail(size);
      const argv = [
        ...(words(artefact) ?? ['/bin/false']),
        ...settings,
        ...(slots === 1 ? [] : ['--slots', String(slots)]),
        ...(isTls(url) ? ['--ca-file', caFile] : []),
        ...(fromFile ? ['--file', mail] : []),
        url,
      ];
      return fromFile ? { argv } : { argv, stdin: mail };
    },
    async curl({ url, size }) {
      if (peers.curl === undefined) return undefined;
      const post = (page: string, body: string) => [...curlHead(url), '--data-binary', `@${body}`, url + page];
      const add = await workshop.addBody(size);
      return { argv: [peers.curl, ...post(lookUpPage, workshop.lookUpBody), '--next', ...post(addPage, add)] };
    },
    async curlUpload({ url, size }) {
      if (peers.curl === undefined) return undefined;
      const body = await workshop.addBody(size);
      return { argv: [peers.curl, ...curlHead(url), '-X', 'POST', '-T', body, url + addPage] };
    },
    async base64Curl({ url, size }) {
      if (peers.curl === undefined) return undefined;
      const curl = [peers.curl, ...curlHead(url), '-X', 'POST', '-T', '-', url + addPage].map((word) => `'${word}'`);
      return { argv: ['/bin/sh', '-c', `base64 -w0 | ${curl.join(' ')}`], stdin: await workshop.mail(size) };
    },
    async requests({ url, size }) {
      if (peers.requests === undefined) return undefined;
      const options = ['--config', workshop.configFile, '--recipient', recipient];
      const lock = ['--lock', join(workshop.lockDir, 'requests')];
      const ca = isTls(url) ? ['--ca-file', caFile] : [];
      return {
        argv: [peers.requests, script('requests-client.py'), ...options, ...lock, ...ca, url],
        stdin: await workshop.mail(size),
      };
    },
    async lwp({ url, size }) {
      if (peers.lwp === undefined) return undefined;
      return {
        argv: [peers.lwp, script('lwp-client.pl'), url, workshop.configFile, recipient, caFile],
        stdin: await workshop.mail(size),
      };
    },
  };
}
