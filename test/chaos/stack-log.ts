/**
 * Reads what the function prints while it prints it, since the stack keeps the latest lines only: bounces that were
 * suppressed, tries that were deferred, books that could not be kept, and invocations that failed.
 */
import { createHash } from 'node:crypto';
import { text } from '../../infra/local/aws/input.ts';
import type { Stack } from '../../infra/local/stack.ts';

export interface Try {
  /** SES's id of the mail, and what stands for the recipient in the log. */
  readonly delivery: string;
  /** Milliseconds of the stack's clock. */
  readonly at: number;
  readonly code: string;
}

export interface StackLog {
  /** Why a delivery was not bounced, by {@link inLog}. */
  readonly suppressed: ReadonlyMap<string, string>;
  /** Deferred tries. */
  readonly tries: readonly Try[];
  /** SES's ids of mail whose delivery could not be written into the ledger. */
  readonly untold: ReadonlySet<string>;
  /** Failed invocations, by the error. */
  readonly failures: ReadonlyMap<string, number>;
  /** Lines at level ERROR, by their text. */
  readonly errors: ReadonlyMap<string, number>;
  /** Reads what has come. */
  read(): void;
  stop(): void;
}

/** Names a delivery as the function's log does. */
export function inLog(messageId: string, recipient: string): string {
  return `${messageId} ${createHash('sha256').update(recipient).digest('hex').slice(0, 12)}`;
}

/** Begins to read. */
export function readStackLog(stack: Stack): StackLog {
  const suppressed = new Map<string, string>();
  const tries: Try[] = [];
  const untold = new Set<string>();
  const failures = new Map<string, number>();
  const errors = new Map<string, number>();
  /** Recipients that cannot be reached, by the invocation that has found it out. */
  const unreachable = new Map<string, string[]>();
  let last = 0;

  function take(fields: Readonly<Record<string, unknown>>, at: number): void {
    const word = (name: string) => (typeof fields[name] === 'string' ? fields[name] : '');
    const message = word('message');
    const mail = word('correlation_id');
    const delivery = `${mail} ${word('recipient')}`;
    const invocation = `${word('function_request_id')} ${mail}`;
    if (word('level') === 'ERROR') {
      const what = `${message} ${text(fields['error'], 'name') ?? ''}`.trim();
      errors.set(what, (errors.get(what) ?? 0) + 1);
    }
    switch (message) {
      case 'deferred':
        tries.push({ delivery, at, code: word('code') });
        break;
      case 'cannot be delivered':
        unreachable.set(invocation, [...(unreachable.get(invocation) ?? []), delivery]);
        break;
      case 'not bounced':
        for (const each of unreachable.get(invocation) ?? []) suppressed.set(each, word('why'));
        break;
      case 'done, but the ledger could not be told: a duplicate would be delivered again':
        untold.add(mail);
        break;
      case 'the function failed':
        failures.set(failureIn(fields), (failures.get(failureIn(fields)) ?? 0) + 1);
        break;
    }
  }

  const read = () => {
    const lines = stack.log.lines();
    const next = lines[0]?.serial ?? last + 1;
    if (next > last + 1) throw new Error(`${next - last - 1} lines of the function's log were missed`);
    for (const { serial, fields, at } of lines.slice(last + 1 - next)) {
      take(fields, at);
      last = serial;
    }
  };
  const timer = setInterval(read, 25);
  return { suppressed, tries, untold, failures, errors, read, stop: () => clearInterval(timer) };
}

/** The type of the error; its text, where that is not always the same. */
function failureIn(fields: Readonly<Record<string, unknown>>): string {
  const type = text(fields, 'errorType') ?? '';
  return type === 'Runtime.ExitError' ? type : `${type}: ${text(fields, 'errorMessage')}`;
}
