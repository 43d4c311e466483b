/**
 * `smtp2gs explain --http`: what an HTTP status means on each page. The core is asked, with answers of that status; there
 * is no table here.
 */
import type { Page } from '../../core/answer.ts';
import { type DeliveryStatus, outcomeOf, statusOf, success } from '../../core/delivery-status.ts';
import { type GroupServer, groupServer } from '../../core/groupserver.ts';
import { messageOf } from '../../core/message.ts';
import { acceptance, rehearsal } from './rehearsal.ts';

const site = new URL('https://groups.example.com');
const message = messageOf(Buffer.from('Subject: example\n'));
const never = new AbortController().signal;

interface Case {
  readonly page: Page;
  readonly title: string;
  ask(server: GroupServer): Promise<unknown>;
}

const cases: readonly Case[] = [
  { page: 'look-up', title: 'look-up', ask: (server) => server.findGroup('group@groups.example.com', never) },
  {
    page: 'add',
    title: 'add, after a look-up',
    ask: (server) => server.addPost({ id: 'group', lookedUpAt: site }, message, 'key', never),
  },
  { page: 'add', title: 'add, with --list', ask: (server) => server.addPost({ id: 'group' }, message, 'key', never) },
  { page: 'relay', title: 'relay', ask: (server) => server.relay(message, 'key', never) },
  {
    page: 'bounce',
    title: 'bounce',
    ask: (server) =>
      server.recordBounce({ groupAddress: 'group@groups.example.com', userAddress: 'ada@example.com' }, 'key', never),
  },
];

/** Writes what a status means, on one page or on all. */
export async function explainHttp(httpStatus: number, page: string | undefined): Promise<string> {
  const asked = cases.filter((each) => page === undefined || each.page === page);
  const lines = await Promise.all(asked.map(async (each) => lineOf(each.title, await meaning(each, httpStatus, ''))));
  if (httpStatus === 200) {
    const goods = asked.map(async (each) => {
      const body = each.page === 'look-up' ? '{"groupId":"group"}' : acceptance;
      return lineOf(each.title, await meaning(each, httpStatus, body));
    });
    return [
      'HTTP 200 with a positive sign:',
      ...(await Promise.all(goods)),
      'HTTP 200 without one:',
      ...lines,
      '',
    ].join('\n');
  }
  const followed = [301, 302, 307, 308].includes(httpStatus)
    ? ['To the same host it is followed, twice at most, and from http to https; otherwise:']
    : [];
  return [`HTTP ${httpStatus}:`, ...followed, ...lines, ''].join('\n');
}

async function meaning(each: Case, status: number, body: string): Promise<DeliveryStatus> {
  const { post } = rehearsal(() => ({ status, body }));
  const server = groupServer({ site, token: 'token', timeSource: 'server', post });
  return await each.ask(server).then(() => success('posted'), statusOf);
}

function lineOf(title: string, status: DeliveryStatus): string {
  const outcome = outcomeOf(status);
  const text = outcome === 'delivered' ? 'A success' : status.text;
  return `  ${title.padEnd(22)}${status.code}  exit ${String(status.exit).padEnd(4)}${outcome.padEnd(11)}${text}`;
}
