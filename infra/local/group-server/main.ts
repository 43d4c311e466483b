/**
 * Runs the reference GroupServer from a shell, until SIGINT or SIGTERM:
 * `node infra/local/group-server/main.ts --port 8080 --token-file token.txt --groups one,two`
 * The first line on stdout is its URL, the second the one of its side door (web page and `/_control`).
 * Options that make no sense, and a port that is taken, end it with one line and exit status 2.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type GroupServerOptions, startGroupServer } from './group-server.ts';

function readOptions(): GroupServerOptions {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '0' },
      'side-port': { type: 'string', default: '0' },
      'token-file': { type: 'string' },
      groups: { type: 'string' },
      domains: { type: 'string' },
      members: { type: 'string' },
      generation: { type: 'string', default: '2014' },
      duplicates: { type: 'string', default: 'drop' },
      keep: { type: 'string', default: 'all' },
      'tls-key': { type: 'string' },
      'tls-cert': { type: 'string' },
    },
  });
  const { 'tls-key': key, 'tls-cert': cert } = values;
  return {
    port: Number(values.port),
    sidePort: Number(values['side-port']),
    generation: choice('generation', values.generation, [2010, 2013, 2014]),
    duplicates: choice('duplicates', values.duplicates, ['drop', 'error']),
    keepMessages: choice('keep', values.keep, ['all', 'digest']),
    ...(values['token-file'] ? { token: file(values['token-file']).trim() } : {}),
    ...(values.groups ? { groups: list(values.groups) } : {}),
    ...(values.domains ? { domains: list(values.domains) } : {}),
    ...(values.members ? { members: list(values.members) } : {}),
    ...(key && cert ? { tls: { key: file(key), cert: file(cert) } } : {}),
  };
}

function list(text: string): string[] {
  return text.split(',').map((item) => item.trim());
}

function file(path: string): string {
  return readFileSync(path, 'utf8');
}

function choice<T extends string | number>(name: string, value: string, choices: readonly T[]): T {
  const chosen = choices.find((candidate) => String(candidate) === value);
  if (chosen === undefined) throw new Error(`--${name} is one of ${choices.join(', ')}`);
  return chosen;
}

try {
  const server = await startGroupServer(readOptions());
  console.log(`${server.url}\n${server.sideUrl}`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.stop());
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
