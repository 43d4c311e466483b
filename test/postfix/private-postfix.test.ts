/**
 * The suite's own Postfix, tried with shell scripts in the part of the command: that what the other files assert on is
 * there to be seen, that infra/mta's safety net holds, and that nothing stays behind, not even after SIGKILL.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { suiteNeeds } from '../required-suite.ts';
import { type PrivatePostfix, type Snippet, startPostfix } from './private-postfix.ts';
import { until } from './until.ts';

const sender = 'alice@sender.example.net';
const group = 'test-group@groups.example.com';
const mail = {
  sender,
  recipients: [group],
  message: Buffer.from('Subject: Hello\r\n\r\n.dot\r\nK\xf6ln\r\n', 'latin1'),
};

describe.runIf(suiteNeeds('postfix', { asRoot: true }))('the private Postfix', () => {
  let postfix: PrivatePostfix | undefined;
  afterEach(() => postfix?.stop());

  async function startWith(snippet: Snippet, script: string): Promise<PrivatePostfix> {
    postfix = await startPostfix({ snippet, PROGRAM: '/srv/stand-in' });
    postfix.place.write('/srv/stand-in', `#!/bin/sh\n${script}\n`, 0o755);
    return postfix;
  }

  for (const snippet of ['postfix', 'postfix-aliases'] as const) {
    describe(`with infra/mta/${snippet}.txt`, () => {
      test('gives the command the bytes of the mail behind the fields that Postfix adds', async () => {
        const { place, send, attempt, emptyQueue } = await startWith(snippet, 'umask 0; cat >/var/tmp/mail');
        expect(await attempt(await send(mail))).toMatchObject({ recipient: group, dsn: '2.0.0', status: 'sent' });
        await emptyQueue();
        const got = readFileSync(place.path('/var/tmp/mail'), 'latin1');
        expect(got).toMatch(new RegExp(`^(From .*\n)?Return-Path: <${sender}>\nX-Original-To: ${group}\n`));
        expect(got.endsWith('\nSubject: Hello\n\n.dot\nK\xf6ln\n')).toBe(true);
      });
      test('keeps the mail when the command defers it, and delivers it as soon as the command can', async () => {
        const { place, send, attempt, queue, emptyQueue } = await startWith(snippet, 'echo 4.3.5 No; exit 75');
        const queueId = await send(mail);
        expect(await attempt(queueId)).toMatchObject({ dsn: '4.3.5', status: 'deferred', text: 'No' });
        expect(await queue()).toEqual([queueId]);
        place.write('/srv/stand-in', '#!/bin/sh\nexec cat >/dev/null\n', 0o755);
        await attempt(queueId, { status: 'sent' });
        await emptyQueue();
      });
      test('sends a bounce with the words of the command to the sender', async () => {
        const { send, attempt, returned } = await startWith(snippet, 'echo 5.1.1 No such group; exit 67');
        const queueId = await send(mail);
        expect(await attempt(queueId)).toMatchObject({ dsn: '5.1.1', status: 'bounced', text: 'No such group' });
        expect((await returned())[0]).toMatch(/^Status: 5\.1\.1\n(?:.*\n)*Diagnostic-Code: x-unix; No such group$/m);
      });
      test.for([
        ['ends with status 1 without a word', 'exit 1'],
        ['has no interpreter', 'exec /srv/no-such-program'],
        ['is killed', 'kill -KILL $$'],
      ])('keeps the mail when the command %s', async ([, script = '']) => {
        const { send, attempt } = await startWith(snippet, script);
        expect(await attempt(await send(mail))).toMatchObject({ dsn: '4.3.0', status: 'deferred' });
      });
    });
  }

  test('is gone, with its files, when the process that started it is killed', async () => {
    const program = `
      import { startPostfix } from ${JSON.stringify(new URL('private-postfix.ts', import.meta.url).href)};
      const { place } = await startPostfix({ snippet: 'postfix', PROGRAM: '/bin/true' });
      console.log(place.path('/srv'));
      setInterval(() => {}, 1000);`;
    const runner = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const said = await new Promise<string>((resolve) => runner.stdout.once('data', (piece) => resolve(String(piece))));
    const folder = said.trim();
    // The processes of the place are those that see the same mounts as its first one.
    const processes = () =>
      readdirSync('/proc').filter((number) => /^\d+$/.test(number) && mountsOf(number) === mounts);
    const mounts = mountsOf(folder.split('/')[2] ?? '');
    expect(readdirSync(folder)).toContain('queue');
    expect(processes().length).toBeGreaterThan(2);
    runner.kill('SIGKILL');
    await until('Postfix is gone', () => processes().length === 0 && !existsSync(folder));
  });
});

function mountsOf(number: string): string | undefined {
  try {
    return readlinkSync(`/proc/${number}/ns/mnt`);
  } catch {
    return undefined; // ended meanwhile
  }
}
