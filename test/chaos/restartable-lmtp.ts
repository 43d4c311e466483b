/** `smtp2gs lmtp` on one Unix socket, which can be ended and started again. */
import type { InstalledCommand } from '../smtp2gs/installed-command.ts';
import { type LmtpProcess, startLmtp } from '../smtp2gs/lmtp-process.ts';

export interface RestartableLmtp {
  /** The process that runs. */
  pids(): number[];
  /** What all processes have said. */
  said(): string;
  /** Ends the process. */
  stop(signal: NodeJS.Signals): Promise<void>;
  start(): Promise<void>;
}

/** Starts it. */
export async function startRestartableLmtp(
  command: InstalledCommand,
  url: string,
  socket: string,
  args: readonly string[],
): Promise<RestartableLmtp> {
  // A runner that is killed takes the server along.
  const mortal: InstalledCommand = {
    ...command,
    words: (artefact) => ['setpriv', '--pdeathsig', 'KILL', ...command.words(artefact)],
  };
  let saidBefore = '';
  let running: LmtpProcess | undefined;
  const start = async () => {
    running ??= await startLmtp(mortal, 'smtp2gs', url, { socket, args: [...args, '--socket-mode=666'] });
  };
  await start();
  return {
    start,
    pids: () => (running?.child.pid === undefined ? [] : [running.child.pid]),
    said: () => saidBefore + (running?.said() ?? ''),
    async stop(signal) {
      const ending = running;
      running = undefined;
      await ending?.stop(signal);
      saidBefore += ending?.said() ?? '';
    },
  };
}
