/** How a local stack is started; everything has a default. */
import type { SiteOptions } from './sites.ts';

export interface StackOptions {
  /** Keeps the state in this folder; without it the state goes with the stack. */
  keep?: string;
  /** One site for `groups.example.com` when left out. */
  sites?: SiteOptions[];
  /** The folder with the bundle; `dist/ses2gs` when left out. */
  bundle?: string;
  /** `file.export`; `index.handler` when left out. */
  handler?: string;
  /** More variables for the function, or others. */
  environment?: Record<string, string>;
  /** Where the function finds its configuration; SSM when left out. */
  configIn?: 'parameter' | 'secret';
  smtpPort?: number;
  awsPort?: number;
  /** The template's 512 when left out. */
  memoryMiB?: number;
  /** The template's 180 when left out. */
  timeoutSeconds?: number;
  maximumConcurrency?: number;
  batchSize?: number;
  /** Starts with the event source mapping switched off. */
  paused?: boolean;
  /** SES's 1 when left out; 0 means no limit. */
  bouncesPerSecond?: number;
  /** Another runtime client than our own, as a command line. */
  runtimeClient?: string[];
}
