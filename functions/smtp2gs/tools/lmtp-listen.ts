/**
 * Opens the socket on which LMTP is spoken. A Unix socket that its server has left behind is replaced; one that is in
 * use, or a file that is no socket, is not. What cannot be opened is `config-invalid`, with the remedy.
 */
import { once } from 'node:events';
import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { connect, type Server } from 'node:net';
import { DeliveryFailure } from '../../core/delivery-status.ts';
import { codeOf } from '../input-file.ts';
import { addressText, type ListenAddress } from './listen-address.ts';

/** Listens; resolves to the address with the port that was given where 0 was asked for. `mode` is for a Unix socket. */
export async function listen(server: Server, address: ListenAddress, mode: number): Promise<ListenAddress> {
  if ('path' in address) await removeStale(address.path);
  // Nobody may connect between the making of a socket and its chmod.
  const umask = process.umask(0o777 & ~mode);
  try {
    server.listen(address);
    await once(server, 'listening');
    if ('path' in address) chmodSync(address.path, mode);
  } catch (cause) {
    throw cannotListen(address, codeOf(cause), cause);
  } finally {
    process.umask(umask);
  }
  const bound = server.address();
  return 'path' in address || bound === null || typeof bound === 'string' ? address : { ...address, port: bound.port };
}

async function removeStale(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return;
  if (!stat.isSocket()) throw cannotListen({ path }, 'a file that is no socket is there');
  if (await isServed(path)) throw cannotListen({ path }, 'another server listens there');
  unlinkSync(path);
}

function isServed(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    // Without access we cannot know: then it is left alone.
    socket.once('error', (error) => resolve(codeOf(error) !== 'ECONNREFUSED'));
  });
}

function cannotListen(address: ListenAddress, why: string, cause?: unknown): DeliveryFailure {
  const remedy = why === 'EACCES' ? '; a port below 1024 and a directory of others need more rights' : '';
  return new DeliveryFailure('config-invalid', `cannot listen on ${addressText(address)} (${why})${remedy}`, { cause });
}
