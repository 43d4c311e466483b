/** What the command uses of Bun, in the standalone artefact only; everywhere else `Bun` is undefined. */

declare const Bun: { stdin: { stream(): ReadableStream<Uint8Array> } } | undefined;

declare module 'bun:ffi' {
  type Flock = { args: ['i32', 'i32']; returns: 'i32' };
  export function dlopen(
    library: string,
    symbols: { flock: Flock },
  ): { symbols: { flock(file: number, operation: number): number } };
}
