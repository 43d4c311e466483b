/**
 * Keeps the messages that the reference GroupServer receives: up to 1 MiB in memory, above that in a temporary file
 * that is unlinked as soon as it is open, so that nothing is left behind however the process ends. With `digest` only
 * size, SHA-256 and the first 64 KiB are kept.
 */
import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoredMessage } from './record.ts';

const HEAD = 64 * 1024;
const IN_MEMORY = 1024 * 1024;

/** Takes one message in pieces. */
export interface MessageWriter {
  write(piece: Buffer): Promise<void>;
  end(): StoredMessage;
  /** Forgets what was written: the request was cut off, or is not what it seemed. */
  discard(): void;
}

/** Where messages are kept until `clear()`. */
export interface MessageStore {
  writer(): MessageWriter;
  clear(): void;
}

/** An empty store. */
export function createMessageStore(keep: 'all' | 'digest'): MessageStore {
  const files = new Set<FileHandle>();
  const close = (file: FileHandle) => {
    if (files.delete(file)) file.close().catch(() => undefined);
  };

  const writer = (): MessageWriter => {
    const hash = createHash('sha256');
    const head: Buffer[] = [];
    let pieces: Buffer[] = [];
    let size = 0;
    let file: FileHandle | undefined;

    return {
      async write(piece) {
        const start = size;
        size += piece.length;
        hash.update(piece);
        if (start < HEAD) head.push(piece.subarray(0, HEAD - start));
        if (keep === 'digest') return;
        pieces.push(piece);
        if (size <= IN_MEMORY) return;
        if (!file) {
          file = await openUnlinked();
          files.add(file);
        }
        const unwritten = Buffer.concat(pieces);
        pieces = [];
        await writeAll(file, unwritten, size - unwritten.length);
      },
      end() {
        const kept = Buffer.concat(keep === 'digest' ? head : pieces);
        const bytes = async () => {
          if (file) return await readAll(file, size);
          if (kept.length < size) throw new Error('Only the digest of this message was kept');
          return kept;
        };
        return { size, sha256: hash.digest('hex'), bytes, head: Buffer.concat(head) };
      },
      discard() {
        if (file) close(file);
      },
    };
  };
  return {
    writer,
    clear() {
      for (const file of files) close(file);
    },
  };
}

async function openUnlinked(): Promise<FileHandle> {
  const path = join(tmpdir(), `group-server-${randomUUID()}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
  }
}

async function readAll(file: FileHandle, size: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafe(size);
  for (let done = 0; done < size; ) {
    const { bytesRead } = await file.read(bytes, done, size - done, done);
    if (bytesRead === 0) throw new Error('The temporary file of this message is shorter than the message');
    done += bytesRead;
  }
  return bytes;
}
