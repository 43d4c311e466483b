/**
 * Runs one row of the scenarios through a door and compares how it ended with what the row expects: status, requests
 * at the server, posts, the bytes that were posted, and that the token is in nothing that a mail system gets to see.
 */
import { expect } from 'vitest';
import { failures, successes } from '../functions/core/delivery-status.ts';
import { type GroupServer, startGroupServer } from '../infra/local/group-server/group-server.ts';
import { plainMail, type Scenario, token } from './scenarios.ts';

/** What a door makes of a delivery, as its mail system sees it. */
export interface DoorResult {
  /** Code and text; for the command its first line on stderr. Empty for a silent success. */
  readonly line: string;
  /** The exit status, where the door has one. */
  readonly exit?: number;
}

export type Door = (scenario: Scenario, url: string) => Promise<DoorResult>;

/** The mail of a row, as bytes. */
export function mailOf(scenario: Scenario): Buffer {
  return Buffer.from(scenario.mail ?? plainMail);
}

/** Starts a server that behaves as the row says, delivers, compares, and stops the server. */
export async function runScenario(scenario: Scenario, door: Door): Promise<void> {
  const { generation, duplicates, times = 1 } = scenario;
  const server = await startGroupServer({ ...(generation && { generation }), ...(duplicates && { duplicates }) });
  try {
    for (const { fault, page } of scenario.faults ?? []) server.faults.next(fault, page === undefined ? {} : { page });
    const url = scenario.url?.(server.url) ?? server.url;
    let result: DoorResult = { line: '' };
    for (let time = 0; time < times; time += 1) result = await door(scenario, url);
    compare(scenario, result, server);
    await comparePosts(scenario, server);
  } finally {
    await server.stop();
  }
}

function compare({ expected }: Scenario, result: DoorResult, server: GroupServer): void {
  const row = { ...successes, ...failures }[expected.kind];
  if (row.code === '2.0.0') expect(result.line).toBe('');
  else expect(result.line).toMatch(new RegExp(`^${row.code.replaceAll('.', '\\.')} [\\x20-\\x7e]{1,490}\\n?$`));
  if (result.exit !== undefined) expect(result.exit).toBe(row.exit);
  if (expected.says) expect(result.line).toMatch(expected.says);
  expect(result.line).not.toContain(token);
  expect(result.line).not.toContain('aWrongToken');
  expect(server.requests.map(({ path }) => pageOf(path))).toEqual(expected.requests);
}

async function comparePosts(scenario: Scenario, server: GroupServer): Promise<void> {
  if (scenario.expected.posts !== undefined) expect(server.posts).toHaveLength(scenario.expected.posts);
  const mail = mailOf(scenario);
  const start = mail.subarray(0, 5).toString() === 'From ' ? mail.indexOf('\n') + 1 : 0;
  const stored = [...server.posts, ...server.relayed];
  for (const { message, idempotencyKey } of stored) {
    expect((await message.bytes()).toString('latin1')).toContain(mail.subarray(start).toString('latin1'));
    expect(idempotencyKey).toMatch(/^[0-9a-f]{64}$/);
  }
  for (const post of server.posts) expect(post.timeSource).toBe(scenario.timeSource ?? 'server');
}

function pageOf(path: string): string {
  if (path.includes('exists')) return 'look-up';
  if (path.includes('relay')) return 'relay';
  return path.includes('bounce') ? 'bounce' : 'add';
}
