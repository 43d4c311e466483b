/**
 * What TLS is accepted and what is not: through the built command, against real TLS servers.
 */
import { connect, createServer } from 'node:tls';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { type Certificate, makeCertificates } from '../certificates.ts';
import { configText, groupAddress, plainMail } from '../scenarios.ts';
import { artefacts, installCommand } from './installed-command.ts';
import { matching } from './matching.ts';

const certificates = makeCertificates();
const command = installCommand();
const config = command.newFile(configText);
let server: GroupServer | undefined;
afterEach(async () => {
  await server?.stop();
});
afterAll(() => {
  certificates.remove();
  command.remove();
});

const start = async (tls: Certificate) => {
  server = await startGroupServer({ tls: { key: tls.key, cert: tls.cert } });
  return server;
};

describe.each(artefacts)('TLS of %s', (artefact) => {
  const deliver = (url: string, ...more: string[]) =>
    command.run(artefact, {
      input: plainMail,
      args: [`--config=${config}`, `--recipient=${groupAddress}`, `--lock-dir=${command.newDirectory()}`, ...more, url],
      // An administrator's environment must not switch the verification off behind our back.
      environment: { NODE_TLS_REJECT_UNAUTHORIZED: '0' },
    });
  const caFile = `--ca-file=${certificates.caFile}`;

  it('delivers to a server whose certificate --ca-file vouches for, on one connection', async () => {
    const { url, posts, requests } = await start(certificates.good);
    expect(await deliver(url, caFile)).toMatchObject({ exit: 0, stderr: '' });
    expect(await deliver(url.replace('127.0.0.1', 'localhost'), caFile)).toMatchObject({ exit: 0, stderr: '' });
    expect({ posts: posts.length, requests: requests.length }).toEqual({ posts: 1, requests: 4 });
  });

  it.each([
    ['self-signed', certificates.selfSigned, [caFile]],
    ['expired', certificates.expired, [caFile]],
    ["another host's", certificates.wrongHost, [caFile]],
    ['unknown', certificates.good, []],
  ] as const)('defers with 4.4.4 when the certificate is %s, and sends nothing', async (_, certificate, more) => {
    const { url, requests } = await start(certificate);
    expect(await deliver(url, ...more)).toMatchObject({ exit: 75, stderr: matching(/^4\.4\.4 .*certificate.*\n$/i) });
    expect(requests).toEqual([]);
  });

  it('delivers to anybody with --insecure', async () => {
    const { url, posts } = await start(certificates.selfSigned);
    expect(await deliver(url, '--insecure')).toMatchObject({ exit: 0, stderr: '' });
    expect(posts).toHaveLength(1);
  });

  it('defers with 4.4.4 when the server speaks TLS 1.0 only', async () => {
    const { key, cert } = certificates.good;
    const old = createServer({ key, cert, minVersion: 'TLSv1', maxVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' });
    old.on('tlsClientError', () => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => old.once('listening', resolve));
    const address = old.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const permissive = { minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0', rejectUnauthorized: false } as const;
    const socket = connect({ port, host: '127.0.0.1', ...permissive });
    await new Promise((resolve, reject) => socket.once('secureConnect', resolve).once('error', reject));
    socket.destroy();
    const { exit, stderr } = await deliver(`https://127.0.0.1:${port}`, caFile);
    expect({ exit, code: stderr.slice(0, 6) }).toEqual({ exit: 75, code: '4.4.4 ' });
    old.close();
  });

  it('follows a redirect from http to https on the same host, and posts there only', async () => {
    const { port, posts, requests } = await start(certificates.good);
    const plain = await startGroupServer();
    const location = `https://127.0.0.1:${port}/gs-group-messages-add-group-exists.html`;
    plain.faults.next({ kind: 'redirect', status: 301, location }, { page: 'look-up' });
    expect(await deliver(plain.url, caFile)).toMatchObject({ exit: 0, stderr: '' });
    await plain.stop();
    expect({ posts: posts.length, there: requests.length, here: plain.requests.length }).toEqual({
      posts: 1,
      there: 2,
      here: 1,
    });
  });

  it('does not follow a redirect from https to http', async () => {
    const { url, port, faults, requests } = await start(certificates.good);
    faults.next({ kind: 'redirect', status: 302, location: `http://127.0.0.1:${port}/` }, { page: 'look-up' });
    expect(await deliver(url, caFile)).toMatchObject({ exit: 75, stderr: matching(/^4\.4\.4 .*not followed/) });
    expect(requests).toHaveLength(1);
  });
});
