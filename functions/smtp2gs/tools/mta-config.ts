/**
 * `smtp2gs mta-config`: prints the configuration for a mail system, with our own path and the site filled in. The texts
 * lie in infra/mta, where the suites that run them take them from, and the build writes them in. It reads nothing of the
 * mail system and changes nothing.
 */
import { siteUrl } from '../../core/site-url.ts';
import type { Ending } from '../ending.ts';
import { UsageError } from '../usage-error.ts';
import { programWords } from './program-words.ts';
import { helpRow, type Tool } from './tool.ts';

declare const MTA_SNIPPETS: Readonly<Record<string, string>> | undefined;

/** Texts by name of the mail system. */
const snippets: Readonly<Record<string, string>> = typeof MTA_SNIPPETS === 'undefined' ? {} : MTA_SNIPPETS;

/** Every text is one that these characters cannot break, whatever the mail system expands. */
const harmless = /^[A-Za-z0-9@:/._,+=~[\]-]+$/;

export const mtaConfig: Tool = {
  synopsis: `mta-config [options] ${Object.keys(snippets).join('|')} URL`,
  description:
    'Prints what to write into the configuration of a mail system, so that it hands the mail for the groups of a site to smtp2gs. The texts for Postfix, Exim and OpenSMTPD are those that the tests of smtp2gs run.',
  options: [
    helpRow,
    { long: 'domain', value: 'DOMAIN', defaultText: 'the host of the URL', help: 'The domain of the groups.' },
    { long: 'user', value: 'USER', defaultText: 'smtp2gs', help: 'The account that runs the command.' },
    {
      long: 'program',
      value: 'WORDS',
      defaultText: 'this program, by its absolute path',
      help: 'The command as the mail system is to start it, with options if need be.',
    },
  ],
  async run({ values, operands: [name, url, ...more] }): Promise<Ending> {
    if (name === undefined || url === undefined || more.length > 0) {
      throw new UsageError(`name a mail system and a URL: smtp2gs ${mtaConfig.synopsis}`);
    }
    const snippet = snippets[name];
    if (snippet === undefined) {
      throw new UsageError(`${name} is not known here, but ${Object.keys(snippets).join(', ')} are`);
    }
    const site = siteUrl(url);
    const program = values.get('program')?.split(' ') ?? programWords();
    return {
      stdout: fill(snippet, {
        PROGRAM: program.map((word) => proven('program', word)).join(' '),
        URL: proven('URL', url),
        DOMAIN: proven('domain', values.get('domain') ?? site.hostname),
        USER: proven('user', values.get('user') ?? 'smtp2gs'),
      }),
      exit: 0,
    };
  },
};

function fill(snippet: string, values: Readonly<Record<string, string>>): string {
  return snippet.replaceAll(/@([A-Z]+)@/g, (placeholder, name: string) => values[name] ?? placeholder);
}

function proven(what: string, word: string): string {
  if (harmless.test(word)) return word;
  throw new UsageError(`the ${what} has characters that a mail system may take for something else: ${word}`);
}
