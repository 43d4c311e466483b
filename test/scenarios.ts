/**
 * THE list: a message, its envelope and how the server behaves, and how the delivery must end. Every door runs it:
 * `deliver()` over both transports, the built command in both artefacts, LMTP. A failure kind without a row fails the
 * suite (test/core/scenarios.test.ts). Plain data, but for the faults.
 */
import type { FailureKind, SuccessKind } from '../functions/core/delivery-status.ts';
import type { Envelope } from '../functions/core/recipient.ts';
import type { Fault, Generation, Page } from '../infra/local/group-server/group-server.ts';

export interface Scenario {
  /** A sentence: what happens when. */
  readonly title: string;
  /** The mail as the mail system hands it over; default {@link plainMail}. */
  readonly mail?: string | Buffer;
  /** Default: the recipient {@link groupAddress}, given by the mail system. */
  readonly envelope?: Envelope;
  readonly faults?: readonly { readonly fault: Fault; readonly page?: Page }[];
  readonly generation?: Generation;
  readonly duplicates?: 'drop' | 'error';
  /** What the command line has for the URL of the server; default the server itself. */
  readonly url?: (url: string) => string;
  /** Text of the configuration file; default {@link configText}. */
  readonly config?: string;
  /** MiB. */
  readonly maxSize?: number;
  /** Seconds; for servers that never answer. */
  readonly timeout?: number;
  readonly timeSource?: 'message';
  /** Delivered so many times; the last one counts. */
  readonly times?: number;
  readonly expected: {
    readonly kind: SuccessKind | FailureKind;
    /** The pages that were asked, in order. */
    readonly requests: readonly Page[];
    /** What the administrator must be able to read. */
    readonly says?: RegExp;
    /** How many posts the server has afterwards. */
    readonly posts?: number;
  };
}

export const groupAddress = 'example_group@groups.example.com';
export const token = 'theValueOfTheToken';
export const configText = `[config-default]\nwebservice = default\n\n[webservice-default]\ntoken = ${token}\n`;
export const plainMail = [
  'From: Ada <ada@example.com>',
  `To: ${groupAddress}`,
  'Subject: Tea',
  'Message-ID: <tea@example.com>',
  '',
  'Is there any tea?',
  '',
].join('\n');

const given = (recipient: string): Envelope => ({ recipient });
const onAdd = (fault: Fault) => [{ fault, page: 'add' as const }];
const onLookUp = (fault: Fault) => [{ fault, page: 'look-up' as const }];
const html = (text: string) => `<!DOCTYPE html><html><body>${text}</body></html>`;

const both = ['look-up', 'add'] as const;
const lookUp = ['look-up'] as const;

const delivered: Scenario[] = [
  { title: 'a mail to a group is posted', expected: { kind: 'posted', requests: both, posts: 1 } },
  ...([2010, 2013, 2014] as const).map(
    (generation): Scenario => ({
      title: `the success page of the server of ${generation} is understood`,
      generation,
      expected: { kind: 'posted', requests: both, posts: 1 },
    }),
  ),
  {
    title: 'with --list a mail is posted to that group without a look-up',
    envelope: { recipient: 'whatever@example.net', list: 'second_group' },
    expected: { kind: 'posted', requests: ['add'], posts: 1 },
  },
  {
    title: 'with --list no recipient is needed',
    envelope: { list: 'second_group' },
    expected: { kind: 'posted', requests: ['add'], posts: 1 },
  },
  {
    title: 'without a recipient from the mail system the first X-Original-To is taken',
    mail: `X-Original-To: ${groupAddress}\nX-Original-To: forged@groups.example.com\n${plainMail}`,
    envelope: {},
    expected: { kind: 'posted', requests: both, posts: 1 },
  },
  {
    title: 'an mbox From line hides no X-Original-To and is not posted',
    mail: `From ada@example.com Sun Nov 22 08:00:00 2026\nX-Original-To:\n\t"Group" <${groupAddress}>\n${plainMail}`,
    envelope: {},
    expected: { kind: 'posted', requests: both, posts: 1 },
  },
  {
    title: 'a recipient that local(8) has censored is found in the mail',
    mail: `X-Original-To: example_group+r&d@groups.example.com\n${plainMail}`,
    envelope: { environmentRecipient: 'example_group+r_d@groups.example.com' },
    expected: { kind: 'no-group', requests: lookUp, says: /r&d@/ },
  },
  {
    title: 'the recipient of the environment outweighs an X-Original-To that is not its uncensored form',
    mail: `X-Original-To: forged@groups.example.com\n${plainMail}`,
    envelope: { environmentRecipient: groupAddress },
    expected: { kind: 'posted', requests: both, posts: 1 },
  },
  {
    title: 'a mail to a member is relayed',
    envelope: given('p-ada@groups.example.com'),
    expected: { kind: 'relayed', requests: ['relay'] },
  },
  {
    title: 'the relay prefix comes from the configuration',
    config: `[config-default]\nwebservice=default\nsmtp=local\n[webservice-default]\ntoken=${token}\n[smtp-local]\nrelay-address-prefix=member.\nother=ignored\n`,
    envelope: given('member.ada@groups.example.com'),
    expected: { kind: 'relayed', requests: ['relay'] },
  },
  {
    title: 'with --list an address with the relay prefix is an ordinary one',
    envelope: { recipient: 'p-ada@groups.example.com', list: 'second_group' },
    expected: { kind: 'posted', requests: ['add'], posts: 1 },
  },
  {
    title: 'an XVERP address records the bounce of a member',
    envelope: given('example_group+ada=example.com@groups.example.com'),
    expected: { kind: 'bounce-recorded', requests: ['bounce'] },
  },
  {
    title: 'an XVERP address records a bounce even with --list',
    envelope: { recipient: 'example_group+ada=example.com@groups.example.com', list: 'second_group' },
    expected: { kind: 'bounce-recorded', requests: ['bounce'] },
  },
  {
    title: 'a bounce whose envelope sender is not null is told',
    envelope: { recipient: 'example_group+ada=example.com@groups.example.com', sender: 'mallory@example.net' },
    expected: { kind: 'bounce-recorded', requests: ['bounce'], says: /not the null sender/ },
  },
  {
    title: 'the time of the message can be asked for',
    timeSource: 'message',
    expected: { kind: 'posted', requests: both, posts: 1 },
  },
  {
    title: 'a mail of exactly the maximum is accepted',
    mail: plainMail.padEnd(1024 * 1024, '.'),
    maxSize: 1,
    expected: { kind: 'posted', requests: both, posts: 1 },
  },
  {
    title: 'a repeated mail is a success, and one post',
    times: 2,
    expected: { kind: 'posted', requests: [...both, ...both], posts: 1 },
  },
  {
    title: 'an interim answer is passed over',
    faults: onAdd({ kind: 'informational' }),
    expected: { kind: 'posted', requests: both, posts: 1 },
  },
  {
    title: 'a slow answer is waited for',
    faults: onLookUp({ kind: 'drip', bytesPerSecond: 1000 }),
    expected: { kind: 'posted', requests: both, posts: 1 },
  },
];

const refusedForGood: Scenario[] = [
  {
    title: 'an unknown group bounces',
    envelope: given('nobody@groups.example.com'),
    expected: { kind: 'no-group', requests: lookUp, says: /nobody@groups\.example\.com/ },
  },
  {
    title: 'a mail without an X-Original-To bounces when the mail system names no recipient',
    envelope: {},
    expected: { kind: 'no-recipient', requests: [], says: /flag O.*--recipient/ },
  },
  {
    title: 'a blank X-Original-To counts as missing',
    mail: `X-Original-To:  \n${plainMail}`,
    envelope: {},
    expected: { kind: 'no-recipient', requests: [] },
  },
  {
    title: 'a recipient outside ASCII bounces',
    envelope: given('grüppe@groups.example.com'),
    expected: { kind: 'no-recipient', requests: [], says: /ASCII/ },
  },
  { title: 'an empty mail bounces', mail: '', expected: { kind: 'message-empty', requests: [] } },
  {
    title: 'an mbox From line alone is an empty mail',
    mail: 'From ada@example.com Sun Nov 22 08:00:00 2026\n',
    expected: { kind: 'message-empty', requests: [] },
  },
  {
    title: 'a mail one byte above the maximum bounces before anything is sent',
    mail: plainMail.padEnd(1024 * 1024 + 1, '.'),
    maxSize: 1,
    expected: { kind: 'message-too-large', requests: [], says: /1 MiB/ },
  },
  {
    title: 'HTTP 413 on the add page bounces',
    faults: onAdd({ kind: 'status', status: 413 }),
    expected: { kind: 'message-too-large', requests: both },
  },
  ...[400, 410, 415, 422, 451].map(
    (status): Scenario => ({
      title: `HTTP ${status} on the add page after a good look-up is final`,
      faults: onAdd({ kind: 'status', status }),
      expected: { kind: 'answer-final', requests: both, says: new RegExp(`HTTP ${status}`) },
    }),
  ),
  ...[410, 415, 422, 451].map(
    (status): Scenario => ({
      title: `HTTP ${status} on the look-up is final`,
      faults: onLookUp({ kind: 'status', status }),
      expected: { kind: 'answer-final', requests: lookUp },
    }),
  ),
];

const notAccepted: Scenario[] = [
  ...[400, 401, 403, 404, 408, 413, 425, 429, 500, 502, 503, 504].map(
    (status): Scenario => ({
      title: `HTTP ${status} on the look-up defers`,
      faults: onLookUp({ kind: 'status', status }),
      expected: { kind: 'answer-not-understood', requests: lookUp, says: new RegExp(`HTTP ${status}`) },
    }),
  ),
  ...[201, 204, 300, 401, 403, 404, 408, 409, 429, 500, 502, 503].map(
    (status): Scenario => ({
      title: `HTTP ${status} on the add page defers`,
      faults: onAdd({ kind: 'status', status }),
      expected: { kind: 'answer-not-understood', requests: both, says: new RegExp(`HTTP ${status}`) },
    }),
  ),
  {
    title: 'HTTP 400 on the add page defers when no look-up was answered before',
    envelope: { list: 'example_group' },
    faults: onAdd({ kind: 'status', status: 400 }),
    expected: { kind: 'answer-not-understood', requests: ['add'] },
  },
  ...([2010, 2013, 2014] as const).map(
    (generation): Scenario => ({
      title: `a wrong token defers at the look-up of the server of ${generation}`,
      generation,
      config: configText.replace(token, 'aWrongToken'),
      expected: { kind: 'answer-not-understood', requests: lookUp, says: /refused, see Token.*is the token right/ },
    }),
  ),
  ...([2010, 2013, 2014] as const).map(
    (generation): Scenario => ({
      title: `a wrong token with --list loses nothing at the server of ${generation}`,
      generation,
      config: configText.replace(token, 'aWrongToken'),
      envelope: { list: 'example_group' },
      expected: { kind: 'answer-not-understood', requests: ['add'], posts: 0, says: /refused, see Token/ },
    }),
  ),
  {
    title: 'a refused relay form defers',
    envelope: given('p-ada@groups.example.com'),
    faults: [{ fault: { kind: 'refused-form', labels: ['Email message'] }, page: 'relay' }],
    expected: { kind: 'answer-not-understood', requests: ['relay'], says: /see Email message/ },
  },
  {
    title: 'a refused bounce form defers',
    envelope: given('example_group+ada=example.com@groups.example.com'),
    faults: [{ fault: { kind: 'refused-form', labels: ['User email'] }, page: 'bounce' }],
    expected: { kind: 'answer-not-understood', requests: ['bounce'] },
  },
  {
    title: 'an empty 200 on the add page is no acceptance',
    faults: onAdd({ kind: 'empty' }),
    expected: { kind: 'answer-not-understood', requests: both, posts: 0 },
  },
  {
    title: 'a login page of a proxy on the add page is no acceptance',
    faults: onAdd({ kind: 'body', body: html('<h1>Sign in</h1><form><input name="password"></form> Done') }),
    expected: { kind: 'answer-not-understood', requests: both },
  },
  {
    title: 'a status box that is only echoed is no acceptance',
    faults: onAdd({
      kind: 'body',
      body: html(
        '<!-- <div id="form-message" class="x"> --><textarea><div id="form-message" class="x"></textarea><p title=\'id="form-message"\'>',
      ),
    }),
    expected: { kind: 'answer-not-understood', requests: both },
  },
  ...['{}', 'null', '[]', '"text"', '{"groupId": 7}', '{"groupId": ""}', '{"groupId": "a\\nb"}', 'not JSON', ''].map(
    (body): Scenario => ({
      title: `the look-up answer ${JSON.stringify(body)} defers`,
      faults: onLookUp({ kind: 'body', body }),
      expected: { kind: 'answer-not-understood', requests: lookUp },
    }),
  ),
  {
    title: 'an answer that was compressed unasked is no acceptance',
    faults: onAdd({ kind: 'compressed' }),
    expected: { kind: 'answer-not-understood', requests: both },
  },
  {
    title: 'an endless answer to the look-up is given up',
    faults: onLookUp({ kind: 'huge', bytes: 'endless' }),
    expected: { kind: 'answer-not-understood', requests: lookUp, says: /too long/ },
  },
  {
    title: 'an endless answer to the add page is given up',
    faults: onAdd({ kind: 'huge', bytes: 'endless' }),
    expected: { kind: 'answer-not-understood', requests: both, says: /too long/ },
  },
  {
    title: 'a server that answers a repeated add with HTTP 500 defers',
    times: 2,
    duplicates: 'error',
    expected: { kind: 'answer-not-understood', requests: [...both, ...both], posts: 1 },
  },
];

const redirected: Scenario[] = [
  ...[301, 302, 307, 308].map(
    (status): Scenario => ({
      title: `a redirect ${status} on the same host is posted again, once`,
      faults: onAdd({ kind: 'redirect', status, location: '/gs-group-messages-add-email.html?again' }),
      expected: { kind: 'posted', requests: ['look-up', 'add', 'add'], posts: 1 },
    }),
  ),
  {
    title: 'two redirects are followed',
    faults: [
      ...onLookUp({ kind: 'redirect', status: 302, location: '' }),
      ...onLookUp({ kind: 'redirect', status: 302, location: '?x' }),
    ],
    expected: { kind: 'posted', requests: ['look-up', 'look-up', 'look-up', 'add'], posts: 1 },
  },
  {
    title: 'a third redirect is one too many',
    faults: [1, 2, 3].flatMap(() => onLookUp({ kind: 'redirect', status: 302, location: '' })),
    expected: { kind: 'server-unreachable', requests: ['look-up', 'look-up', 'look-up'], says: /one too many/ },
  },
  ...[
    ['to another host', 302, 'http://localhost:1/x'],
    ['to another port', 307, 'http://127.0.0.1:1/x'],
    ['to another scheme', 302, 'ftp://127.0.0.1/x'],
    ['as a GET (303)', 303, '/x'],
  ].map(
    ([where, status, location]): Scenario => ({
      title: `a redirect ${where} is not followed`,
      faults: onAdd({ kind: 'redirect', status: Number(status), location: String(location) }),
      expected: { kind: 'server-unreachable', requests: both, says: /redirect/ },
    }),
  ),
  {
    title: 'a redirect without a Location is not followed',
    faults: onLookUp({ kind: 'redirect', status: 301 }),
    expected: { kind: 'server-unreachable', requests: lookUp, says: /Location/ },
  },
];

const lost: Scenario[] = [
  {
    title: 'a server that refuses connections defers',
    url: () => 'http://127.0.0.1:1',
    expected: { kind: 'server-unreachable', requests: [], says: /127\.0\.0\.1:1.*ECONNREFUSED/ },
  },
  {
    title: 'a host name that does not exist defers',
    url: () => 'http://no-such-host.invalid/',
    expected: { kind: 'server-unreachable', requests: [], says: /no-such-host\.invalid/ },
  },
  {
    title: 'TLS spoken to a server without it defers as unreachable',
    url: (url) => url.replace('http:', 'https:'),
    expected: { kind: 'server-unreachable', requests: [] },
  },
  {
    title: 'a server that is silent before TLS stands is unreachable at the deadline',
    url: (url) => url.replace('http:', 'https:'),
    faults: [{ fault: { kind: 'hang', when: 'at-once' } }],
    timeout: 2,
    expected: { kind: 'server-unreachable', requests: [], says: /deadline/ },
  },
  ...(['after-head', 'after-body', 'mid-answer'] as const).map(
    (when): Scenario => ({
      title: `a reset of the look-up ${when} defers`,
      faults: onLookUp({ kind: 'reset', when }),
      expected: { kind: 'connection-lost', requests: lookUp },
    }),
  ),
  ...(['after-head', 'after-body', 'mid-answer'] as const).map(
    (when): Scenario => ({
      title: `a reset of the add ${when} defers`,
      faults: onAdd({ kind: 'reset', when }),
      expected: { kind: 'connection-lost', requests: both },
    }),
  ),
  ...(['after-head', 'after-body', 'mid-answer'] as const).map(
    (when): Scenario => ({
      title: `a server that is silent ${when} defers at the deadline`,
      faults: onAdd({ kind: 'hang', when }),
      timeout: 2,
      expected: { kind: 'connection-lost', requests: both, says: /deadline/ },
    }),
  ),
  {
    title: 'an add that is closed without an answer defers',
    faults: onAdd({ kind: 'close' }),
    expected: { kind: 'connection-lost', requests: both },
  },
  {
    title: 'a look-up answer that is cut short defers',
    faults: onLookUp({ kind: 'truncate' }),
    expected: { kind: 'connection-lost', requests: lookUp },
  },
  {
    title: 'an add answer that is cut short defers',
    faults: onAdd({ kind: 'truncate' }),
    expected: { kind: 'connection-lost', requests: both, posts: 1 },
  },
  {
    title: 'bytes that are not HTTP defer',
    faults: onLookUp({ kind: 'garbage' }),
    expected: { kind: 'connection-lost', requests: lookUp },
  },
  {
    title: 'a post whose answer was lost is deferred, and posted once when it is tried again',
    faults: onAdd({ kind: 'accept-then-lose' }),
    times: 2,
    expected: { kind: 'posted', requests: [...both, ...both], posts: 1 },
  },
];

const misconfigured: Scenario[] = [
  ...Object.entries({
    'an empty configuration': '',
    'no section of the instance': '[config-other]\nwebservice=other\n',
    'a set without a webservice': '[config-default]\nsmtp = local\n',
    'a set that names a section that is not there': '[config-default]\nwebservice = gone\n',
    'a section without a token': '[config-default]\nwebservice = default\n[webservice-default]\nother = 1\n',
    'an empty token': '[webservice-default]\ntoken =\n',
    'a token of two lines': '[webservice-default]\ntoken = one\n  two\n',
    'text before the first section': 'token = x\n',
    'a line that is no setting': '[webservice-default]\ntoken\n',
    'an empty relay prefix': `${configText.replace('= default\n', '= default\nsmtp = s\n')}[smtp-s]\nrelay-address-prefix =\n`,
  }).map(
    ([what, config]): Scenario => ({
      title: `${what} defers`,
      config,
      expected: { kind: 'config-invalid', requests: [] },
    }),
  ),
  {
    title: 'an empty recipient from the mail system is its misconfiguration',
    envelope: given(''),
    expected: { kind: 'config-invalid', requests: [], says: /--recipient/ },
  },
  ...['groups.example.com', 'groups.example.com:8080', 'http://', 'https:///path', 'http://user:pass@/', '/path'].map(
    (url): Scenario => ({
      title: `the URL ${url} names no host`,
      url: () => url,
      expected: { kind: 'url-without-host', requests: [], says: /https:\/\/groups\.example\.com/ },
    }),
  ),
  ...['ftp://groups.example.com', 'file:///etc/passwd', 'http://groups.example.com:99999'].map(
    (url): Scenario => ({
      title: `the URL ${url} cannot be used`,
      url: () => url,
      expected: { kind: url.startsWith('file') ? 'url-without-host' : 'config-invalid', requests: [] },
    }),
  ),
];

export const scenarios: readonly Scenario[] = [
  ...delivered,
  ...refusedForGood,
  ...notAccepted,
  ...redirected,
  ...lost,
  ...misconfigured,
];

/** Kinds that no behaviour of a mail or a server brings about; where each is tested instead. */
export const testedElsewhere: Partial<Record<FailureKind, string>> = {
  'internal-error': 'test/smtp2gs/exit-guard.test.ts',
  'message-unreadable': 'test/smtp2gs/open-message.test.ts',
  'no-slot': 'test/smtp2gs/slot.test.ts',
};
