/** What Postfix's mail log says of deliveries: each try, and how it ended. */

export interface LoggedTry {
  readonly queueId: string;
  readonly recipient: string;
  /** `sent`, `deferred` or `bounced`. */
  readonly status: string;
  /** Enhanced status code. */
  readonly dsn: string;
  readonly text: string;
}

const line = /: (\w+): to=<(.*?)>, (?:orig_to=<(.*?)>, )?relay=.*?, dsn=([\d.]+), status=(\w+) \((.*)\)$/gm;

/** Reads all tries, in the order of the log. */
export function readMailLog(log: string): LoggedTry[] {
  return [...log.matchAll(line)].map(([, queueId = '', to = '', original, dsn = '', status = '', text = '']) => {
    return { queueId, recipient: original ?? to, dsn, status, text };
  });
}

/** Says whether the program that delivered was ended before it could tell how it went. */
export function wasKilled({ text }: LoggedTry): boolean {
  return /Command died with signal|stopped by SIG|^lost connection with|^conversation with .* timed out/.test(text);
}
