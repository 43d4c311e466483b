/**
 * How the program ends: what is still to be said, and the exit status.
 */
export interface Ending {
  stdout?: string;
  stderr?: string;
  exit: number;
}
