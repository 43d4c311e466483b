import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { messageOf } from '../../functions/core/message.ts';
import { bounceHeader } from '../../functions/ses2gs/bounce-header.ts';
import { reasonNotToBounce } from '../../functions/ses2gs/safe-to-bounce.ts';

const pass = { spam: 'PASS', virus: 'PASS', spf: 'PASS', dkim: 'PASS', dmarc: 'PASS' };
const our = {
  bounceSender: 'mailer-daemon@groups.example.com',
  sites: new Map([['groups.example.com', { url: 'https://groups.example.com', instance: 'default' }]]),
};

/** Why a mail with these fields of its header must not be bounced. */
async function reason({
  sender = 'ada@example.com',
  verdicts = {},
  fields = [],
}: {
  sender?: string;
  verdicts?: Partial<typeof pass>;
  fields?: string[];
} = {}): Promise<string | undefined> {
  const mail = ['From: Ada <ada@example.com>', ...fields, 'Subject: Tea', '', 'Is there any tea?'].join('\r\n');
  const header = await bounceHeader(messageOf(Buffer.from(mail)));
  return reasonNotToBounce({ sender, verdicts: { ...pass, ...verdicts } }, header, our);
}

describe('a bounce', () => {
  it('may go to a person that SPF vouches for', async () => {
    expect(await reason()).toBeUndefined();
    expect(await reason({ verdicts: { dkim: 'FAIL', dmarc: 'GRAY' } })).toBeUndefined();
  });

  it.each(['', 'ada', '@example.com', 'ada@', 'ada @example.com', 'ädä@example.com'])(
    'never goes to the sender "%s"',
    async (sender) => {
      expect(await reason({ sender })).toBeDefined();
    },
  );

  it.each([
    'MAILER-DAEMON@example.com',
    'postmaster@example.com',
    'noreply@example.com',
    'no-reply+123@example.com',
    'Do-Not-Reply@example.com',
    'donotreply@example.com',
    'list-bounces@example.com',
    'list-bounces+ada=example.org@example.com',
    'bounce-12345@example.com',
    'bounces+123-abc=example.org@example.com',
    'owner-list@example.com',
    'list-owner@example.com',
    'list-request@example.com',
    'Mailer-Daemon@groups.example.com',
  ])('never goes to the machine %s', async (sender) => {
    expect(await reason({ sender })).toBeDefined();
  });

  it.each([
    'reply@example.com',
    'bouncer@example.com',
    'owner@example.com',
    'nor.eply@example.com',
    'ada-bounce-fan@example.com',
  ])('may go to %s, who only sounds like one', async (sender) => {
    expect(await reason({ sender })).toBeUndefined();
  });

  it('never goes to an address of one of our sites, where it would come in again', async () => {
    expect(await reason({ sender: 'list+ada=example.org@Groups.Example.com' })).toBeDefined();
  });

  it.each([
    'Auto-Submitted: auto-replied',
    'Auto-Submitted: AUTO-GENERATED (a machine)',
    'auto-submitted: auto-notified; owner-email="a@example.com"',
    'Precedence: bulk',
    'Precedence: List',
    'precedence:junk',
    'List-Id: Tea <tea.example.com>',
    'List-Post: <mailto:tea@example.com>',
    'X-Auto-Response-Suppress: All',
    'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    'Content-Type: Multipart/Report;\r\n boundary="b"',
  ])('never answers a mail with %s', async (field) => {
    expect(await reason({ fields: [field] })).toBeDefined();
  });

  it('never answers a mail whose header is too large to be judged', async () => {
    expect(await reason({ fields: Array.from({ length: 50_000 }, () => 'From: ada@example.com') })).toBeDefined();
  });

  it('is not kept back by Auto-Submitted: no', async () => {
    expect(await reason({ fields: ['Auto-Submitted: no', 'Content-Type: text/plain'] })).toBeUndefined();
  });

  it('is kept back by the second of two fields', async () => {
    expect(await reason({ fields: ['Auto-Submitted: no', 'Auto-Submitted: auto-replied'] })).toBeDefined();
  });

  it.each(['spam', 'virus', 'dmarc'] as const)('never answers a mail whose %s verdict is FAIL', async (name) => {
    expect(await reason({ verdicts: { [name]: 'FAIL' } })).toBeDefined();
  });

  describe('where SPF does not vouch for the sender', () => {
    const noSpf = { spf: 'GRAY' };

    it('goes where DMARC does, for the domain of the sender', async () => {
      expect(await reason({ verdicts: { ...noSpf, dkim: 'GRAY' } })).toBeUndefined();
      expect(await reason({ sender: 'ada@mail.example.com', verdicts: { ...noSpf, dkim: 'GRAY' } })).toBeUndefined();
    });

    it('does not go where DMARC vouches for nobody', async () => {
      const mail = { sender: 'ada@example.com', verdicts: { ...pass, ...noSpf, dkim: 'GRAY' } };
      const header = await bounceHeader(messageOf(Buffer.from('Subject: Tea\r\n\r\n')));
      expect(reasonNotToBounce(mail, header, our)).toBeDefined();
    });

    it('does not go where DMARC vouches for somebody else', async () => {
      expect(await reason({ sender: 'victim@example.org', verdicts: { ...noSpf, dkim: 'GRAY' } })).toBeDefined();
    });

    it('goes where DKIM does, if every signature is of the domain of the sender', async () => {
      const verdicts = { ...noSpf, dmarc: 'GRAY' };
      const signature = (domain: string) =>
        `DKIM-Signature: v=1; a=rsa-sha256; d=${domain}; s=s; h=from;\r\n bh=x; b=y`;
      expect(await reason({ verdicts, fields: [signature('example.com')] })).toBeUndefined();
      expect(await reason({ verdicts, fields: [signature('mail.example.com')] })).toBeUndefined();
      expect(await reason({ verdicts, fields: [signature('example.org')] })).toBeDefined();
      expect(await reason({ verdicts, fields: [signature('example.com'), signature('example.org')] })).toBeDefined();
      expect(await reason({ verdicts, fields: [signature('com')] })).toBeDefined();
      expect(await reason({ verdicts })).toBeDefined();
    });

    it('goes nowhere when nothing does', async () => {
      expect(await reason({ verdicts: { spf: 'FAIL', dkim: 'GRAY', dmarc: 'GRAY' } })).toBeDefined();
    });
  });
});

describe('the header that a bounce is decided by', () => {
  it('is read of any bytes', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        expect(Array.isArray((await bounceHeader(messageOf(bytes)))?.autoSubmitted)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});
