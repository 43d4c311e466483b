/** Bounces: who gets one, what it says, and that there is never a second one. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { SentBounce } from '../../infra/local/aws/ses-send-bounce.ts';
import type { GroupServer } from '../../infra/local/group-server/group-server.ts';
import { type CloudFunction, type MailOptions, startCloudFunction } from './cloud-function.ts';

let ses2gs: CloudFunction;
let server: GroupServer;
let earlier = 0;

beforeAll(async () => {
  ses2gs = await startCloudFunction();
  const [site] = ses2gs.sites;
  if (!site) throw new Error('a site was asked for');
  server = site.server;
});
beforeEach(() => {
  ses2gs.reset();
  earlier = ses2gs.cloud.ses.bounces().length;
});
afterAll(() => ses2gs.stop());

const bounces = (): readonly SentBounce[] => ses2gs.cloud.ses.bounces().slice(earlier);
const hour = 3_600_000;
const group = 'example_group@groups.example.com';
const unknown = 'nobody@groups.example.com';
const done = [{ batchItemFailures: [] }];
const failed = [{ batchItemFailures: [{ itemIdentifier: expect.any(String) as unknown }] }];

describe('a mail to a group that does not exist', () => {
  it('is bounced once, with the code of the failure', async () => {
    const { messageId, answers } = await ses2gs.receive({ recipients: [unknown] });
    expect(answers).toEqual(done);
    expect(bounces()).toMatchObject([
      {
        originalMessageId: messageId,
        from: 'mailer-daemon@groups.example.com',
        to: 'ada@example.com',
        recipients: [
          {
            recipient: unknown,
            action: 'failed',
            status: '5.1.1',
            diagnosticCode: `x-groupserver; There is no group with this address: ${unknown}`,
          },
        ],
      },
    ]);
    expect(bounces()[0]?.mail).toContain(`<${unknown}>: There is no group with this address`);
  });

  it('and to one that does is posted there, and bounced for all that failed in one bounce', async () => {
    await ses2gs.receive({ recipients: [unknown, group, 'Nobody@Groups.Example.com'] });
    expect(server.posts).toHaveLength(1);
    expect(bounces().map(({ recipients }) => recipients.map(({ recipient }) => recipient))).toEqual([
      [unknown, 'Nobody@Groups.Example.com'],
    ]);
  });

  it('is not bounced again when the notification comes again, nor delivered when the group exists by then', async () => {
    const { notification } = await ses2gs.store({ recipients: [unknown] });
    for (const _ of [1, 2]) {
      ses2gs.enqueue(JSON.stringify(notification));
      expect(await ses2gs.work()).toEqual(done);
    }
    expect(bounces()).toHaveLength(1);
    expect(server.requests).toHaveLength(1);
  });

  it('is tried again when SES is too busy, and then bounced once', async () => {
    ses2gs.cloud.faults.next('ses', { operation: 'SendBounce', code: 'Throttling' });
    expect((await ses2gs.receive({ recipients: [unknown] })).answers).toEqual(failed);
    expect(bounces()).toEqual([]);
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(bounces()).toHaveLength(1);
  });

  it('is not given up for a bounce that SES is too busy for, even when the time for other mail is over', async () => {
    ses2gs.cloud.faults.next('ses', { operation: 'SendBounce', code: 'Throttling' });
    expect((await ses2gs.receive({ recipients: [unknown], age: 21 * hour })).answers).toEqual(failed);
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(bounces()).toHaveLength(1);
    expect(ses2gs.parked()).toEqual([]);
  });

  it('is bounced later when no time is left for it', async () => {
    const { notification } = await ses2gs.store({ recipients: [unknown] });
    ses2gs.enqueue(JSON.stringify(notification));
    expect(await ses2gs.work(() => (server.requests.length === 0 ? 30_000 : 7000))).toEqual(failed);
    expect(bounces()).toEqual([]);
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(bounces()).toHaveLength(1);
  });

  it('alarms when SES refuses the sender of the bounce, and is tried again', async () => {
    ses2gs.environment({ SMTP2GS_BOUNCE_SENDER: 'mailer-daemon@unverified.example.com' });
    expect((await ses2gs.receive({ recipients: [unknown] })).answers).toEqual(failed);
    expect(ses2gs.output()).toContainEqual(expect.objectContaining({ ConfigurationError: 1 }));
    ses2gs.environment();
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(bounces()).toHaveLength(1);
  });

  it.each<[string, MailOptions]>([
    ['the null sender', { source: '' }],
    ['a mailing list', { fields: ['List-Id: <tea.example.com>'] }],
    ['a machine', { fields: ['Auto-Submitted: auto-replied'] }],
    ['a sender whom nothing proves', { verdicts: { spf: 'GRAY', dkim: 'GRAY', dmarc: 'GRAY' } }],
    ['a sender whom DMARC disproves', { verdicts: { dmarc: 'FAIL' }, dmarcPolicy: 'none' }],
  ])('of %s is not bounced, but done with', async (_, options) => {
    const { answers } = await ses2gs.receive({ ...options, recipients: [unknown] });
    expect(answers).toEqual(done);
    expect(bounces()).toEqual([]);
    expect(ses2gs.output()).toContainEqual(expect.objectContaining({ BounceSuppressed: 1 }));
  });

  it('that is not bounced is not tried again with the recipients that are', async () => {
    server.faults.next({ kind: 'status', status: 503 }, { page: 'add' });
    const { answers } = await ses2gs.receive({ source: '', recipients: [unknown, group] });
    expect(answers).toEqual(failed);
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(ses2gs.output().filter((line) => 'BounceSuppressed' in line && 'code' in line)).toHaveLength(1);
    expect(server.posts).toHaveLength(1);
  });

  it('is parked when it is older than SES takes bounces for', async () => {
    expect((await ses2gs.receive({ recipients: [unknown], age: 23.1 * hour })).answers).toEqual(done);
    expect(bounces()).toEqual([]);
    expect(ses2gs.parked()).toMatchObject([{ recipients: [unknown] }]);
  });

  it('is bounced to one domain fifty times a day at most', async () => {
    const { TableName, Item } = {
      TableName: 'smtp2gs-LedgerTable',
      Item: { id: { S: `bounces#busy.example.com#${new Date().toISOString().slice(0, 10)}` }, bounces: { N: '49' } },
    };
    const { PutItemCommand } = await import('@aws-sdk/client-dynamodb');
    await ses2gs.cloud.clients.dynamodb.send(new PutItemCommand({ TableName, Item }));
    const mail = { recipients: [unknown], source: 'ada@busy.example.com', fields: [] };
    await ses2gs.receive(mail);
    expect((await ses2gs.receive(mail)).answers).toEqual(done);
    expect(bounces()).toHaveLength(1);
  });
});

describe('two bounces', () => {
  it('keep the second between them that SES asks for', async () => {
    const mails = [await ses2gs.store({ recipients: [unknown] }), await ses2gs.store({ recipients: [unknown] })];
    for (const { notification } of mails) ses2gs.enqueue(JSON.stringify(notification));
    expect(await ses2gs.work()).toEqual([...done, ...done]);
    expect(bounces()).toHaveLength(2);
  });
});

describe('a mail whose time is over', () => {
  const down = () => server.faults.always({ kind: 'status', status: 503 });

  it('is bounced where the settings say so, and not parked', async () => {
    ses2gs.environment({ SMTP2GS_EXPIRY_ACTION: 'bounce' });
    down();
    expect((await ses2gs.receive({ age: 20.5 * hour })).answers).toEqual(done);
    expect(bounces()).toMatchObject([{ recipients: [{ recipient: group, action: 'failed', status: '4.4.7' }] }]);
    expect(ses2gs.parked()).toEqual([]);
  });

  it('is parked where it must not be bounced: nobody would know of it', async () => {
    ses2gs.environment({ SMTP2GS_EXPIRY_ACTION: 'bounce' });
    down();
    expect((await ses2gs.receive({ age: 20.5 * hour, source: '' })).answers).toEqual(done);
    expect(bounces()).toEqual([]);
    expect(ses2gs.parked()).toHaveLength(1);
  });

  it('is parked beyond 23 hours', async () => {
    ses2gs.environment({ SMTP2GS_EXPIRY_ACTION: 'bounce' });
    down();
    expect((await ses2gs.receive({ age: 23.1 * hour })).answers).toEqual(done);
    expect(bounces()).toEqual([]);
    expect(ses2gs.parked()).toHaveLength(1);
  });

  it('is tried again when the bounce cannot be sent', async () => {
    ses2gs.environment({ SMTP2GS_EXPIRY_ACTION: 'bounce' });
    down();
    ses2gs.cloud.faults.next('ses', { operation: 'SendBounce', code: 'Throttling' });
    expect((await ses2gs.receive({ age: 20.5 * hour })).answers).toEqual(failed);
    expect(await ses2gs.workAgain()).toEqual(done);
    expect(bounces()).toHaveLength(1);
  });

  it('is parked and not bounced when the configuration is to blame', async () => {
    ses2gs.environment({ SMTP2GS_EXPIRY_ACTION: 'bounce' });
    server.faults.always({ kind: 'refused-form', labels: ['Token'] });
    expect((await ses2gs.receive({ age: 20.5 * hour })).answers).toEqual(done);
    expect(bounces()).toEqual([]);
    expect(ses2gs.parked()).toHaveLength(1);
  });
});
