/**
 * What the answers of GroupServer mean: which HTTP status is final, which page is a positive sign, what a look-up
 * found. It reads answers whole, within bounds, and quotes nothing of them. It throws DeliveryFailures:
 * `answer-not-understood` for all that another moment or configuration can change (spec/groupserver.md section 3).
 */
import { DeliveryFailure, type FailureKind } from './delivery-status.ts';
import type { FinalAnswer } from './follow-redirects.ts';
import { formAnswerReader } from './form-answer.ts';

export type Page = 'look-up' | 'add' | 'relay' | 'bounce';

/** A request that was answered. */
export interface Asked extends FinalAnswer {
  readonly page: Page;
  /** Bytes of the request's body. */
  readonly sent: number;
}

/** HTTP statuses that stay, whoever asks again. */
const finalStatuses = new Set([410, 415, 422, 451]);

/** Bytes of a page beside what it may echo of the request. */
const pageLimit = 1024 * 1024;

/** Seconds. A longer Retry-After is taken for this. */
const longestRetryAfter = 24 * 3600;

/**
 * Reads the page that answers a form; returns when it is a positive sign.
 * @param lookedUp whether the same server has just answered a look-up well: then a 400 is meant for the message, and
 *   not for, say, plain HTTP on a TLS port.
 */
export async function readForm(asked: Asked, lookedUp: boolean): Promise<void> {
  if (asked.answer.status !== 200) throw statusFailure(asked, lookedUp);
  const reader = formAnswerReader();
  // A page may echo what was submitted, escaped.
  await eachPiece(asked, pageLimit + 2 * asked.sent, (piece) => reader.write(piece));
  const verdict = reader.verdict();
  if (verdict.kind === 'accepted') return;
  throw misunderstood(
    asked,
    verdict.kind === 'refused'
      ? refusal(verdict.labels)
      : 'the page has no status of the form; is a proxy in front of the site?',
  );
}

/** Reads the answer of a look-up: a JSON object with the key `groupId`, which is null where there is no group. */
export async function readLookUp(asked: Asked): Promise<string | null> {
  if (asked.answer.status !== 200) throw statusFailure(asked, false);
  const pieces: Uint8Array[] = [];
  await eachPiece(asked, pageLimit, (piece) => pieces.push(Buffer.from(piece)));
  const found = parseJson(asked, Buffer.concat(pieces));
  if (typeof found !== 'object' || found === null || !('groupId' in found)) {
    throw misunderstood(asked, 'the look-up was answered without a groupId');
  }
  if (found.groupId === null) return null;
  if (typeof found.groupId !== 'string' || !/^[\x21-\x7e]+$/.test(found.groupId)) {
    throw misunderstood(asked, 'the look-up was answered with a groupId that is no name');
  }
  return found.groupId;
}

function parseJson(asked: Asked, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    const reader = formAnswerReader();
    reader.write(bytes);
    const verdict = reader.verdict();
    throw misunderstood(
      asked,
      verdict.kind === 'refused' ? refusal(verdict.labels) : 'no JSON came; is this a GroupServer site?',
    );
  }
}

async function eachPiece(asked: Asked, limit: number, take: (piece: Uint8Array) => void): Promise<void> {
  let read = 0;
  for await (const piece of asked.answer.body) {
    read += piece.length;
    if (read > limit) throw misunderstood(asked, 'the answer is too long');
    take(piece);
  }
}

function statusFailure(asked: Asked, lookedUp: boolean): DeliveryFailure {
  const { status } = asked.answer;
  const carriesMessage = asked.page === 'add' || asked.page === 'relay';
  if (carriesMessage && status === 413) return failure('message-too-large', asked, `HTTP ${status}`);
  const isFinal = finalStatuses.has(status) || (carriesMessage && lookedUp && status === 400);
  return failure(isFinal ? 'answer-final' : 'answer-not-understood', asked, `HTTP ${status}${advice(status)}`);
}

function misunderstood(asked: Asked, why: string): DeliveryFailure {
  return failure('answer-not-understood', asked, why);
}

function failure(kind: FailureKind, { url, answer }: Asked, why: string): DeliveryFailure {
  const retryAfter = retryAfterOf(answer.headers['retry-after'], answer.headers.date);
  return new DeliveryFailure(kind, `POST ${url.pathname} to ${url.host}: ${why}`, {
    httpStatus: answer.status,
    ...(retryAfter === undefined ? {} : { retryAfter }),
  });
}

function refusal(labels: readonly string[]): string {
  return `the form was refused${labels.length > 0 ? `, see ${labels.join(', ')}` : ''}; is the token right?`;
}

function advice(status: number): string {
  if (status === 401 || status === 403) return ', access refused';
  return status === 404 || status === 405 ? ', is this a GroupServer site?' : '';
}

/** Reads Retry-After (RFC 9110 section 10.2.3) as seconds; a date counts from the server's own Date, not our clock. */
function retryAfterOf(value: string | undefined, date: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(value) ? Number(value) : (Date.parse(value) - Date.parse(date ?? '')) / 1000;
  return seconds >= 0 ? Math.min(Math.ceil(seconds), longestRetryAfter) : undefined;
}
