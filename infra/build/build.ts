/**
 * `npm run build`: makes in `dist/` what ships, from one source each: the command as a CommonJS file for hosts with
 * Node 22 or newer, the same as a standalone executable (compiled by Bun), and the Lambda. Ends with a status other
 * than 0 when any part fails.
 */
import { mkdir, rm } from 'node:fs/promises';
import { buildCommand } from './build-command.ts';

const dist = new URL('../../dist/', import.meta.url).pathname;

await rm(dist, { recursive: true, force: true });
await mkdir(dist);
await buildCommand(dist);
