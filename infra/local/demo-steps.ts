/**
 * The steps of the demo: what is sent or done, and what must have become of it. Each says what it adds to the tally, so
 * that the demo tells a surprise from a success.
 */
import type { Mail } from './mail-client.ts';
import type { Stack } from './stack.ts';

/** Where mail may be. */
export interface Tally {
  posted: number;
  relayed: number;
  'bounce recorded': number;
  'sender told': number;
  quarantined: number;
  queued: number;
  parked: number;
}

export interface Step {
  title: string;
  run: (stack: Stack) => Promise<unknown>;
  /** The changes that are due; what is not named must not change. */
  due: Partial<Tally>;
}

const domain = 'groups.example.com';
const mail = (to: string | string[], subject: string, more: Mail = {}): Mail => ({
  from: 'Ada <ada@example.com>',
  to,
  subject,
  text: 'Shall we meet for tea?',
  ...more,
});
const group = `example_group@${domain}`;
const minutes = (count: number) => count * 60_000;
const nullSender = (to: string) => ({ envelope: { from: '', to } });

/** The steps in their order; each begins where the one before has ended. */
export const steps: Step[] = [
  {
    title: 'A mail to a group is posted',
    run: (stack) => stack.send(mail(group, 'Tea')),
    due: { posted: 1 },
  },
  {
    title: 'A mail of 20 MB is posted, streamed through the function',
    run: (stack) =>
      stack.send(
        mail(group, 'Pictures', { attachments: [{ filename: 'a.bin', content: Buffer.alloc(15_000_000, 'tea ') }] }),
      ),
    due: { posted: 1 },
  },
  {
    title: 'A mail to three groups, one of them failing: two are posted, one waits',
    run: async (stack) => {
      stack.groupServer.faults.next({ kind: 'status', status: 503 }, { page: 'add' });
      await stack.send(mail([group, `second_group@${domain}`, `third_group@${domain}`], 'To three groups'));
    },
    due: { posted: 2, queued: 1 },
  },
  {
    title: 'Two minutes later the third is posted, and nothing twice',
    run: async (stack) => stack.turnClock(minutes(2)),
    due: { posted: 1, queued: -1 },
  },
  {
    title: 'A mail to a member is relayed',
    run: (stack) => stack.send(mail(`p-6o3Klcr4n4@${domain}`, 'Private')),
    due: { relayed: 1 },
  },
  {
    title: 'A bounce comes back for a member and is recorded',
    run: (stack) =>
      stack.send(
        mail(
          `example_group+bob=example.net@${domain}`,
          'Undeliverable',
          nullSender(`example_group+bob=example.net@${domain}`),
        ),
      ),
    due: { 'bounce recorded': 1 },
  },
  {
    title: 'A mail to an unknown group is bounced to its sender',
    run: (stack) => stack.send(mail(`no_such_group@${domain}`, 'Is anybody there?')),
    due: { 'sender told': 1 },
  },
  {
    title: 'A mail from the null sender to an unknown group bounces to nobody',
    run: (stack) => stack.send(mail(`no_such_group@${domain}`, 'Out of office', nullSender(`no_such_group@${domain}`))),
    due: {},
  },
  {
    title: 'Spam and a virus are quarantined',
    run: async (stack) => {
      await stack.send(mail(group, 'Cheap watches', { from: 'spam@example.com' }));
      await stack.send(mail(group, 'Your invoice', { from: 'virus@example.com' }));
    },
    due: { quarantined: 2 },
  },
  {
    title: 'A mail for another domain is refused in SMTP',
    run: (stack) =>
      stack.send(mail('somebody@elsewhere.example', 'Wrong number')).then(
        () => Promise.reject(new Error('it was accepted')),
        () => undefined,
      ),
    due: {},
  },
  {
    title: 'GroupServer is switched off: the mail waits',
    run: async (stack) => {
      await stack.groupServer.offline();
      await stack.send(mail(group, 'During the outage'));
    },
    due: { queued: 1 },
  },
  {
    title: 'GroupServer is back: at its next try the mail is posted',
    run: async (stack) => {
      await stack.groupServer.online();
      stack.turnClock(minutes(2));
    },
    due: { queued: -1, posted: 1 },
  },
  {
    title: 'The function is killed while it posts: the mail comes again, and is posted once',
    run: async (stack) => {
      stack.groupServer.faults.next({ kind: 'hang', when: 'after-body' }, { page: 'add' });
      const adds = () => stack.groupServer.requests.filter(({ path }) => path.includes('add-email')).length;
      const before = adds();
      await stack.send(mail(group, 'A crash'));
      // The look-up may be remembered, so the post alone tells that the function is at it.
      while (adds() === before) await new Promise((resolve) => setTimeout(resolve, 20));
      stack.killLambda();
      await stack.settled();
      stack.turnClock(minutes(20));
    },
    due: { posted: 1 },
  },
  {
    title: 'The token is wrong for a day: nothing bounces, the mail is parked',
    run: async (stack) => {
      stack.groupServer.token = 'another token';
      stack.ingress.script = () => ({ receivedAgo: minutes(21 * 60) });
      await stack.send(mail(group, 'A wrong token'));
    },
    due: { parked: 1 },
  },
];
