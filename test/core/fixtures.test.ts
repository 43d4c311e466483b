/** Odd mails, each through `deliver()` to the reference GroupServer: every byte of them arrives. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliver } from '../../functions/core/deliver.ts';
import { groupServer } from '../../functions/core/groupserver.ts';
import { messageOf } from '../../functions/core/message.ts';
import type { Envelope } from '../../functions/core/recipient.ts';
import { httpTransport } from '../../functions/smtp2gs/http-transport.ts';
import { mboxLineLength } from '../../functions/smtp2gs/mbox-line.ts';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { groupAddress, token } from '../scenarios.ts';
import { largeMails } from './large-mails.ts';

const folder = new URL('../fixtures/', import.meta.url);
const names = readdirSync(folder).filter((name) => name.endsWith('.eml'));
/** The bytes of a fixture, by its file name or by the part behind its number. */
const fixture = (name: string) =>
  readFileSync(new URL(names.find((each) => each.slice(3) === `${name}.eml`) ?? name, folder));
const withoutMboxLine = (mail: Buffer) => mail.subarray(mboxLineLength(mail));

let server: GroupServer;
const post = httpTransport({ insecure: false });
beforeAll(async () => {
  server = await startGroupServer();
});
afterAll(() => server.stop());

/** Delivers a mail; gives how it ended and what arrived. */
async function delivered(mail: Buffer, envelope: Envelope = { recipient: groupAddress }) {
  server.clear();
  const { status, facts } = await deliver({
    message: messageOf(mail),
    envelope,
    groupServer: groupServer({ site: new URL(server.url), token, timeSource: 'server', post }),
    relayPrefix: 'p-',
    maxSize: 200 * 1024 * 1024,
    signal: AbortSignal.timeout(60_000),
  });
  expect(server.posts.length + server.relayed.length).toBeLessThanOrEqual(1);
  return { kind: status.kind, facts, arrived: server.posts[0]?.message ?? server.relayed[0]?.message };
}

describe('a fixture', () => {
  it.each(names)('%s arrives byte for byte', async (name) => {
    const mail = withoutMboxLine(fixture(name));
    const { kind, arrived } = await delivered(mail);
    expect(kind).toBe('posted');
    expect((await arrived?.bytes())?.equals(mail)).toBe(true);
  });

  it.each(names)('%s is relayed byte for byte', async (name) => {
    const mail = withoutMboxLine(fixture(name));
    const { kind, arrived } = await delivered(mail, { recipient: 'p-4f@groups.example.com' });
    expect(kind).toBe('relayed');
    expect((await arrived?.bytes())?.equals(mail)).toBe(true);
  });

  it.each([
    ['mbox-from-line', groupAddress],
    ['blank-folded-lines', groupAddress],
    ['repeated-original-to', groupAddress],
  ])('%s says whom it is for', async (name, recipient) => {
    const { kind, facts } = await delivered(withoutMboxLine(fixture(name)), {});
    expect([kind, facts.recipient]).toEqual(['posted', recipient]);
  });

  it.each([
    'plain',
    'lone-cr',
    'leading-empty-line',
    'mbox-from-inside',
    'attached-mail',
    'original-to-in-body',
    'blank-original-to',
  ])('%s does not say whom it is for', async (name) => {
    expect((await delivered(fixture(name), {})).kind).toBe('no-recipient');
    expect(server.requests).toEqual([]);
  });
});

describe('the fixtures', () => {
  it('each have a number of their own and a line in README.md, and README.md has no line more', () => {
    const listed = [...readFileSync(new URL('README.md', folder), 'utf8').matchAll(/^\| `(.+?)` \| \S.* \|$/gm)];
    expect(listed.map(([, name]) => name)).toEqual(names);
    expect(names.map((name) => Number(name.slice(0, 2)))).toEqual(names.map((_, index) => index + 1));
    expect(names.length).toBeGreaterThanOrEqual(40);
  });

  // What an editor or git might change in passing.
  it.each([
    ['plain', /^[^\r\0]*\n$/],
    ['crlf', /^(?:[^\r\n]*\r\n)+$/],
    ['mixed-line-ends', /\n\r.*\r\r\n/s],
    ['lone-cr', /^(?=.*\r[^\n]).*[^\r]\n/s],
    ['no-final-newline', /a$/],
    ['no-body', /^(?!.*\n\r?\n).*\n$/s],
    ['only-line-ends', /^\n\r\n\n$/],
    ['one-byte', /^x$/],
    ['nul-bytes', /\0\0\0\n/],
    ['latin1-header', /J\xfcrgen/],
    ['utf8-bom', /^\xef\xbb\xbfFrom/],
    ['utf16-whole', /^\xff\xfeF\0/],
    ['signed-white-space', / \n\t\n- -- \n.*\n\n\n\n$/s],
  ])('%s is still as odd as its name says', (name, oddity) => {
    expect(fixture(name).toString('latin1')).toMatch(oddity);
  });

  it('hold every byte there is', () => {
    expect(new Set(fixture('all-bytes')).size).toBe(256);
  });
});

describe('a large mail', () => {
  it.each(largeMails)('$title arrives byte for byte', async ({ make }) => {
    const mail = make();
    const { kind, arrived } = await delivered(mail);
    expect(kind).toBe('posted');
    expect(arrived?.size).toBe(mail.length);
    expect(arrived?.sha256).toBe(createHash('sha256').update(mail).digest('hex'));
  });
});
