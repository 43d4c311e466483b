/** The command line of `npm run chaos`. */
import { parseArgs } from 'node:util';

export const doorNames = ['stack', 'pipe', 'lmtp'] as const;
export type DoorName = (typeof doorNames)[number];

export interface ChaosOptions {
  readonly mails: number;
  readonly seed: number;
  readonly doors: readonly DoorName[];
  readonly json: boolean;
  readonly help: boolean;
}

export const helpText = `Sends many mails through a door while everything around it fails, and checks that nothing is lost or posted twice.

  npm run chaos -- [options]

  --mails N    how many mails (2000)
  --seed S     a whole number that says what happens (1)
  --door NAME  ${doorNames.join(', ')} or all (all)
  --json       prints the books as JSON
  --help       prints this

The doors pipe and lmtp need a Postfix and root. The exit status is 1 when something is not as it should be, 2 when the
run could not be made.
`;

/** Reads it; throws an Error with one line when it makes no sense. */
export function readChaosOptions(args: string[]): ChaosOptions {
  const { values } = parseArgs({
    args,
    options: {
      mails: { type: 'string', default: '2000' },
      seed: { type: 'string', default: '1' },
      door: { type: 'string', default: 'all' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const count = (name: 'mails' | 'seed') => {
    if (!/^\d{1,9}$/.test(values[name])) throw new Error(`--${name} is a whole number, not "${values[name]}"`);
    return Number(values[name]);
  };
  const doors = doorNames.filter((name) => values.door === 'all' || values.door === name);
  if (doors.length === 0) throw new Error(`--door is ${doorNames.join(', ')} or all, not "${values.door}"`);
  const mails = count('mails');
  if (mails === 0) throw new Error('--mails is at least 1');
  return { mails, seed: count('seed'), doors, json: values.json, help: values.help };
}
