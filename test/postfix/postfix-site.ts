/**
 * The ways by which Postfix calls the command, and a site for a test: a private Postfix, the command, and a reference
 * GroupServer behind it.
 */
import {
  type GroupServer,
  type GroupServerOptions,
  startGroupServer,
} from '../../infra/local/group-server/group-server.ts';
import { commandMounts, commandWords, writeConfig } from '../mta/command-in-place.ts';
import { configText } from '../scenarios.ts';
import type { Artefact, InstalledCommand } from '../smtp2gs/installed-command.ts';
import { type PrivatePostfix, type Snippet, startPostfix } from './private-postfix.ts';

export interface Way {
  readonly name: string;
  readonly snippet: Snippet;
  readonly artefact: Artefact;
}

/** The standalone first: it runs everything, the CommonJS file the core cases. */
export const ways: readonly Way[] = [
  { name: 'pipe(8)', snippet: 'postfix', artefact: 'smtp2gs' },
  { name: 'local(8)', snippet: 'postfix-aliases', artefact: 'smtp2gs' },
  { name: 'pipe(8) and smtp2gs.cjs', snippet: 'postfix', artefact: 'smtp2gs.cjs' },
  { name: 'local(8) and smtp2gs.cjs', snippet: 'postfix-aliases', artefact: 'smtp2gs.cjs' },
];

export interface InstalledWay extends Way {
  readonly command: InstalledCommand;
}

export interface WayOptions {
  /** Further options of the command. */
  readonly options?: readonly string[];
  /** The text of the command's configuration; `undefined` writes none. */
  readonly config?: string | undefined;
  /** Further lines for main.cf. */
  readonly settings?: string;
  /** The size of the disk on which the command may put large mail, e.g. `2m`. */
  readonly varTmpSize?: string;
}

/** Starts a private Postfix that calls the command by one of the ways. */
export async function startWay(way: InstalledWay, url: string, options: WayOptions = {}): Promise<PrivatePostfix> {
  const { settings, varTmpSize } = options;
  const postfix = await startPostfix({
    snippet: way.snippet,
    PROGRAM: commandWords(way.command, way.artefact, options.options),
    URL: url,
    mounts: commandMounts(way.command),
    ...(settings !== undefined && { settings }),
    ...(varTmpSize !== undefined && { varTmpSize }),
  });
  const config = 'config' in options ? options.config : configText;
  if (config !== undefined) writeConfig(postfix.place, config);
  return postfix;
}

export interface Site {
  readonly postfix: PrivatePostfix;
  readonly server: GroupServer;
}

/** Starts Postfix and a reference GroupServer; `onFinished` is told how to stop them. */
export async function startSite(
  way: InstalledWay,
  onFinished: (stop: () => Promise<void>) => void,
  options: WayOptions & { readonly server?: GroupServerOptions } = {},
): Promise<Site> {
  const server = await startGroupServer(options.server);
  onFinished(() => server.stop());
  const postfix = await startWay(way, server.url, options);
  onFinished(() => postfix.stop());
  return { postfix, server };
}
