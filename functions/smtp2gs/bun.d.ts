/** What the command uses of Bun, in the standalone artefact only; everywhere else `Bun` is undefined. */

declare const Bun:
  | {
      stdin: { stream(): ReadableStream<Uint8Array> };
      CryptoHasher: new (name: 'sha256') => { update(bytes: Uint8Array): { digest(encoding: 'hex'): string } };
    }
  | undefined;

declare module 'bun:ffi' {
  type Flock = { args: ['i32', 'i32']; returns: 'i32' };
  export function dlopen(
    library: string,
    symbols: { flock: Flock },
  ): { symbols: { flock(file: number, operation: number): number } };
}
