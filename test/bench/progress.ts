/**
 * Says on the standard error how far a long run has come: one line that is written over on a terminal, else one line for
 * each scenario.
 */
export interface Progress {
  /** Begins a scenario. */
  begin(what: string): void;
  step(what: string): void;
  /** Takes the line away. */
  end(): void;
}

/** Makes the progress of this process. */
export function progressOnStderr(): Progress {
  const { stderr } = process;
  let scenario = '';
  return {
    begin(what) {
      scenario = what;
      if (!stderr.isTTY) stderr.write(`${what} ...\n`);
    },
    step(what) {
      if (stderr.isTTY) stderr.write(`\r\x1b[K${scenario}: ${what}`.slice(0, stderr.columns + 4));
    },
    end() {
      if (stderr.isTTY) stderr.write('\r\x1b[K');
    },
  };
}
