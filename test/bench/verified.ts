/**
 * Runs commands once against a server that reads what it is sent, before they are measured against one that does not: a
 * command that is fast because it loses bytes must not pass for a fast one.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Context } from './context.ts';
import { startHelper } from './helper-process.ts';
import type { Command } from './runner.ts';

/** Gives a sentence for the report; `commandsFor` makes the commands for the address of the reading server. */
export async function verified(
  { workshop, runner, progress }: Pick<Context, 'workshop' | 'runner' | 'progress'>,
  size: number,
  commandsFor: (url: string) => Promise<ReadonlyMap<string, Command>>,
): Promise<string> {
  progress.step('looking at what arrives');
  const hash = createHash('sha256');
  await pipeline(createReadStream(await workshop.mail(size)), hash);
  const expected = hash.digest('hex');
  const server = await startHelper('server.ts', [workshop.keyFile, workshop.certFile, 'verify']);
  const url = `http://127.0.0.1:${server.figure('http')}`;
  const wrong: string[] = [];
  let count = 0;
  try {
    for (const [name, command] of await commandsFor(url)) {
      await runner.one(command);
      const digests: unknown = await (await fetch(url)).json();
      const last: unknown = Array.isArray(digests) && digests.length === count + 1 ? digests.at(-1) : undefined;
      if (Array.isArray(digests)) count = digests.length;
      if (last !== expected) wrong.push(name);
    }
  } finally {
    await server.stop();
  }
  return wrong.length === 0 ? 'every command was seen to deliver every byte' : `NOT WHOLE: ${wrong.join(', ')}`;
}
