/**
 * What every scenario is given.
 */
import type { Commands } from './commands.ts';
import type { Peers } from './peers.ts';
import type { Progress } from './progress.ts';
import type { Runner } from './runner.ts';
import type { Workshop } from './workshop.ts';

export interface Context {
  readonly workshop: Workshop;
  readonly peers: Peers;
  readonly commands: Commands;
  readonly runner: Runner;
  readonly progress: Progress;
  /** Ports of the server on 127.0.0.1. */
  readonly server: { readonly http: number; readonly https: number };
  /** A name of this machine that stands for 127.0.0.1. */
  readonly hostName: string;
  /** Fewer rounds, for a first look. */
  readonly quick: boolean;
}
