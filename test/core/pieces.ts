/**
 * Cuts bytes into pieces, and hands pieces out the way the hardest reader may: in one buffer that is used again, while
 * it counts what was asked for. It knows nothing of what is cut.
 */
import fc from 'fast-check';

/** Where to cut, as shares of the whole; any number of cuts, empty pieces among them. */
export const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 });

/** Cuts bytes at the given shares of their length. */
export function inPieces(bytes: Uint8Array, shares: readonly number[]): Uint8Array[] {
  const places = shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b);
  return [0, ...places].map((from, index) => bytes.subarray(from, places[index] ?? bytes.length));
}

/** Cuts bytes into pieces of one size. */
export function inEqualPieces(bytes: Uint8Array, size: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let from = 0; from < bytes.length; from += size) pieces.push(bytes.subarray(from, from + size));
  return pieces;
}

export interface WatchedPieces extends AsyncIterable<Uint8Array> {
  /** How many pieces have been asked for. */
  readonly asked: number;
  /** Whether the reader has let go: by reading to the end or by leaving early. */
  readonly isClosed: boolean;
}

/** Gives pieces in one buffer, which is wiped as soon as the next piece is asked for. */
export function watched(pieces: readonly Uint8Array[]): WatchedPieces {
  const buffer = Buffer.alloc(pieces.reduce((longest, { length }) => Math.max(longest, length), 0));
  const state = { asked: 0, isClosed: false };
  return {
    get asked() {
      return state.asked;
    },
    get isClosed() {
      return state.isClosed;
    },
    async *[Symbol.asyncIterator]() {
      try {
        for (const piece of pieces) {
          state.asked += 1;
          buffer.fill('?');
          buffer.set(piece);
          yield buffer.subarray(0, piece.length);
        }
      } finally {
        buffer.fill('?');
        state.isClosed = true;
      }
    },
  };
}
