/**
 * The name of the stack and its region as `sam deploy` takes them from samconfig.toml, so that the operator scripts mean
 * the same stack without being told. It reads two keys, not TOML; a file that is not there says nothing.
 */
import { readFileSync } from 'node:fs';

export interface SamConfig {
  readonly stack: string | undefined;
  readonly region: string | undefined;
}

const file = new URL('../../samconfig.toml', import.meta.url);

export function readSamConfig(): SamConfig {
  let text = '';
  try {
    text = readFileSync(file, 'utf8');
  } catch {
    // The options can say it all.
  }
  const value = (key: string) => new RegExp(`^\\s*${key}\\s*=\\s*["']([^"'\\n]+)["']`, 'm').exec(text)?.[1];
  return { stack: value('stack_name'), region: value('region') };
}
