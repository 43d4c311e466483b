/**
 * A server that is too busy with a request to begin another TLS session. Its answer is waited for: a mail whose look-up
 * takes long must not be deferred for ever.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { makeCertificates } from '../certificates.ts';
import { configText, groupAddress, plainMail } from '../scenarios.ts';
import { artefacts, installCommand } from '../smtp2gs/installed-command.ts';

const certificates = makeCertificates();
const command = installCommand();
afterAll(() => {
  certificates.remove();
  command.remove();
});

/** Longer than there is for a connection. */
const milliseconds = 11_000;

describe.each(artefacts)('%s', (artefact) => {
  it.concurrent('waits for the answer', async () => {
    const server = await startGroupServer({ tls: certificates.good });
    server.faults.next({ kind: 'delay', milliseconds });
    const sockets: Socket[] = [];
    const door = createServer((socket) => {
      sockets.push(socket.on('error', () => undefined));
      // Whoever comes second is connected, and never heard.
      if (sockets.length > 1) return;
      const inside = connect(Number(new URL(server.url).port), '127.0.0.1').on('error', () => undefined);
      socket.pipe(inside).pipe(socket);
    }).listen(0, '127.0.0.1');
    await once(door, 'listening');
    const address = door.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    try {
      const options = [`--config=${command.newFile(configText)}`, `--lock-dir=${command.newDirectory()}`];
      const args = [...options, `--recipient=${groupAddress}`, `--ca-file=${certificates.caFile}`];
      const result = await command.run(artefact, { input: plainMail, args: [...args, `https://localhost:${port}`] });
      expect(result).toMatchObject({ exit: 0, stderr: '' });
      expect(server.posts).toHaveLength(1);
    } finally {
      for (const socket of sockets) socket.destroy();
      door.close();
      await server.stop();
    }
  });
});
