/**
 * Rehearses the delivery of a mail and says what came of it. What is not known without asking (the group, the
 * configuration) is assumed, and that is said.
 */
import { existsSync } from 'node:fs';
import { type Config, parseConfig } from '../../core/config.ts';
import { deliver } from '../../core/deliver.ts';
import { outcomeOf, statusOf, statusText } from '../../core/delivery-status.ts';
import { groupServer, pages, type TimeSource } from '../../core/groupserver.ts';
import { firstField, readHeader } from '../../core/header.ts';
import type { Message } from '../../core/message.ts';
import type { Envelope } from '../../core/recipient.ts';
import { siteUrl } from '../../core/site-url.ts';
import { readConfig } from '../configuration-file.ts';
import { httpTransport } from '../http-transport.ts';
import { readCaFile } from '../input-file.ts';
import { printable } from './explain-mail.ts';
import { acceptance, rehearsal } from './rehearsal.ts';

export interface ExplainOptions {
  readonly message: Message;
  /** Bytes. */
  readonly maxSize: number;
  readonly envelope: Envelope;
  readonly config: readonly string[];
  readonly instance: string;
  readonly timeSource: TimeSource;
  /** The site whose look-up is asked; undefined asks nobody. */
  readonly url: string | undefined;
  readonly caFile: string | undefined;
  readonly insecure: boolean;
  readonly signal: AbortSignal;
}

/** The site of a rehearsal. */
const example = 'https://groups.example.com';

const routes = {
  group: 'to a group: its address is looked up, then the mail is added',
  list: 'to the group of --list, without a look-up',
  member: 'to a member: the mail is relayed to whom its To names',
  bounce: 'a bounce of a member: it is recorded, the mail is not sent',
} as const;

type Row = [name: string, text: string];

/** Gives lines of a name and a text. */
export async function explainDelivery(options: ExplainOptions): Promise<Row[]> {
  const { message, maxSize, envelope, signal, url } = options;
  const { config, told } = configOf(options);
  const stage = rehearsal(({ url: { pathname } }) => {
    return { status: 200, body: pathname === pages['look-up'] ? '{"groupId":"group"}' : acceptance };
  });
  const site = siteUrl(url ?? example);
  const settings = { site, token: config.token, timeSource: options.timeSource };
  const rehearsed = groupServer({ ...settings, post: stage.post });
  const real = groupServer({ ...settings, post: httpTransport({ ca: caOf(options), insecure: options.insecure }) });
  const { status, facts } = await deliver({
    message,
    envelope,
    groupServer: url === undefined ? rehearsed : { ...rehearsed, findGroup: (...asked) => real.findGroup(...asked) },
    relayPrefix: config.relayPrefix,
    maxSize,
    signal,
  });
  const requests = stage.requests.map(({ url: { pathname }, length }) => `POST ${pathname} (${length} bytes)`);
  const key = stage.requests.map(({ headers }) => headers['idempotency-key']).find((each) => each !== undefined);
  const group = url === undefined ? 'unknown without --url' : `${facts.group ?? 'not found'}, as ${site.host} says`;
  const condition = outcomeOf(status) === 'delivered' ? ', if the server accepts what it is sent' : '';
  return [
    ['Configuration', told],
    ['Recipient', printable(await recipientText(options, facts.recipient))],
    ['Route', facts.route === undefined ? 'none' : routes[facts.route]],
    ...(facts.route === 'group' ? [['Group', group] satisfies Row] : []),
    ['Would send', requests.join('; ') || 'nothing'],
    ...(key === undefined ? [] : [['Key', `${key} (Idempotency-Key)`] satisfies Row]),
    ['Result', `${status.code} ${statusText(status)}${condition}`],
    ['Exit status', `${status.exit}, the mail is ${outcomeOf(status)}`],
  ];
}

/** Reads the configuration; without one a rehearsal needs no more than its defaults, but a look-up needs the token. */
function configOf({ config: places, instance, url }: ExplainOptions): { config: Config; told: string } {
  try {
    const place = places.find((each) => existsSync(each)) ?? places[0];
    return { config: readConfig(places, instance), told: `${place}, instance ${instance}` };
  } catch (error) {
    if (url !== undefined) throw error;
    const told = `${statusText(statusOf(error))}; as it is, every mail is deferred`;
    return { config: parseConfig('[webservice-default]\ntoken = unknown', 'default'), told };
  }
}

function caOf({ caFile }: ExplainOptions): string | undefined {
  return caFile === undefined ? undefined : readCaFile(caFile);
}

/** Says where the recipient was found, in the order in which it is looked for. */
async function recipientText({ message, envelope }: ExplainOptions, recipient: string | undefined): Promise<string> {
  const stamped = firstField(await readHeader(message.read()), 'X-Original-To');
  if (recipient === undefined) return 'none';
  if (envelope.recipient !== undefined) return `${recipient}, from --recipient`;
  if (!envelope.environmentRecipient) return `${recipient}, from the first X-Original-To of the mail`;
  return recipient === envelope.environmentRecipient && recipient !== stamped
    ? `${recipient}, from ORIGINAL_RECIPIENT of the environment`
    : `${recipient}, from the first X-Original-To of the mail, which ORIGINAL_RECIPIENT of the environment confirms`;
}
