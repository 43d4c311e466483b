/**
 * Where the stack that `npm start` runs can be reached, so that `npm run send` needs no port. One note per checkout,
 * in its cache folder; a stack that was killed leaves a note that is not believed.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { number } from './aws/input.ts';

const folder = fileURLToPath(new URL('../../node_modules/.cache/smtp2gs', import.meta.url));
const note = `${folder}/running-stack.json`;

/** Leaves the note; the answer takes it away. */
export function noteRunningStack(smtpPort: number): () => void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(note, JSON.stringify({ smtpPort, pid: process.pid }));
  return () => {
    if (number(read(), 'pid') === process.pid) rmSync(note, { force: true });
  };
}

/** The SMTP port of the running stack, if there is one. */
export function smtpPortOfRunningStack(): number | undefined {
  const left = read();
  try {
    process.kill(number(left, 'pid') ?? Number.NaN, 0);
    return number(left, 'smtpPort');
  } catch {
    return undefined; // nobody is there any more
  }
}

function read(): unknown {
  try {
    return JSON.parse(readFileSync(note, 'utf8'));
  } catch {
    return undefined; // no note, or none that was finished
  }
}
