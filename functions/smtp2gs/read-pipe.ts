/**
 * Reads the standard input where it is a pipe or a socket. `process.stdin` would do it, but it makes a new buffer for each
 * piece, which is a third of the time of a large mail, and in Bun it alone takes longer than a whole small delivery. A
 * read that waits must not keep the process from ending, so it is not fs.read either: Node waits for its end. Rejects with
 * the system's error, the signal's reason, or what `take` threw.
 */

/** Bytes; as many as a pipe holds. */
const pieceSize = 64 * 1024;

/** Takes a piece, which is valid until it returns; gives false when no more is wanted. */
export type TakePiece = (piece: Buffer) => boolean;

/** Reads to the end, or until no more is wanted. */
export async function readPipe(take: TakePiece, signal: AbortSignal): Promise<void> {
  if (typeof Bun === 'undefined') await readSocket(take, signal);
  else await readWebStream(Bun.stdin.stream(), take, signal);
}

/** In Node every pipe is a socket, and only a socket can read into one buffer again and again. */
async function readSocket(take: TakePiece, signal: AbortSignal): Promise<void> {
  const { Socket } = await import('node:net');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const callback = (length: number, bytes: Uint8Array): boolean => {
    try {
      const more = take(Buffer.from(bytes.buffer, bytes.byteOffset, length));
      if (!more) resolve();
      return more;
    } catch (error) {
      reject(error);
      return false;
    }
  };
  const onread = { buffer: Buffer.allocUnsafeSlow(pieceSize), callback };
  const socket = new Socket({ fd: 0, readable: true, writable: false, onread });
  socket.once('end', resolve).once('error', reject).resume();
  const stop = () => reject(signal.reason);
  signal.addEventListener('abort', stop);
  try {
    signal.throwIfAborted();
    await promise;
  } finally {
    signal.removeEventListener('abort', stop);
    socket.destroy();
  }
}

async function readWebStream(stream: ReadableStream<Uint8Array>, take: TakePiece, signal: AbortSignal): Promise<void> {
  const reader = stream.getReader();
  const stop = () => void reader.cancel();
  signal.addEventListener('abort', stop);
  try {
    for (let more = true; more; ) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      more = !done && take(Buffer.from(value.buffer, value.byteOffset, value.byteLength));
    }
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
