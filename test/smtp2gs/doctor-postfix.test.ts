/**
 * What `smtp2gs doctor` finds in Postfix: the postconf(1) of Debian on private configurations. Postfix itself does not
 * run. What postconf says is the same for both artefacts, so the standalone is enough.
 */
import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { suiteNeeds } from '../required-suite.ts';
import { configText } from '../scenarios.ts';
import { examine, postfixFolder } from './doctor-report.ts';
import { canChangeUser, installCommand } from './installed-command.ts';
import { matching } from './matching.ts';

/** A macro of pipe(8). */
const originalRecipient = ['$', '{original_recipient}'].join('');

const command = installCommand();
const config = command.newFile(configText);
let server: GroupServer;
beforeAll(async () => {
  server = await startGroupServer();
});
afterAll(async () => {
  await server.stop();
  command.remove();
});

describe.runIf(suiteNeeds('postconf'))('doctor where Postfix is', () => {
  const lockDir = command.newDirectory();
  const examineOn = (postfix: string) =>
    examine(command, 'smtp2gs', [`--config=${config}`, `--lock-dir=${lockDir}`, server.url], { postfix });
  /** An entry as mta-config prints it. */
  const entry = (flags = 'DORX', argv = `/usr/bin/smtp2gs --recipient=${originalRecipient} https://x`) =>
    `smtp2gs unix - n n - 5 pipe\n  -o pipe_delivery_status_filter=regexp:/x\n  flags=${flags} user=nobody null_sender=\n  argv=${argv}\n`;
  const wellMain = 'smtp2gs_destination_recipient_limit = 1\nsmtp2gs_time_limit = 300s\n';
  const withPostfix = async (main: string, master: string) => await examineOn(postfixFolder(command, main, master));

  it('finds nothing wrong with what mta-config prints', async () => {
    const { stdout } = await command.run('smtp2gs', {
      args: ['mta-config', '--program=/usr/bin/smtp2gs', 'postfix', server.url],
      input: '',
    });
    const part = (file: string) =>
      stdout.split(/^#### /m).find((text) => text.startsWith(`/etc/postfix/${file}\n`)) ?? '';
    const { findings, failed } = await withPostfix(`# ${part('main.cf')}`, `# ${part('master.cf')}`);
    expect(failed).toEqual([]);
    const about = findings.filter(({ check }) => check === 'postfix smtp2gs');
    expect(about.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok', 'ok']);
  });

  it('finds a missing flag O', async () => {
    const master = entry('DRX', '/usr/bin/smtp2gs https://x');
    expect((await withPostfix(wellMain, master)).failed).toEqual([
      {
        check: 'postfix smtp2gs',
        status: 'failed',
        text: matching(/flag O is missing/),
        remedy: matching(/add O to flags=DRX of smtp2gs in master\.cf, or --recipient=\$\{original_recipient\}/),
      },
    ]);
    expect((await withPostfix(wellMain, entry('DORX', '/usr/bin/smtp2gs https://x'))).failed).toEqual([]);
  });

  it('finds a flag O that enable_original_recipient has made void', async () => {
    const main = `${wellMain}enable_original_recipient = no\n`;
    const { failed } = await withPostfix(main, entry('DORX', '/usr/bin/smtp2gs https://x'));
    expect(failed).toMatchObject([{ text: matching(/enable_original_recipient/) }]);
  });

  it.each([
    ['not set', '', /is 50/],
    ['not 1', 'smtp2gs_destination_recipient_limit = 10\n', /is 10/],
  ])('finds a recipient limit that is %s', async (_, line, text) => {
    const { failed } = await withPostfix(`smtp2gs_time_limit = 300s\n${line}`, entry());
    expect(failed).toEqual([
      {
        check: 'postfix smtp2gs',
        status: 'failed',
        text: matching(text),
        remedy: "postconf -e 'smtp2gs_destination_recipient_limit = 1'; postfix reload",
      },
    ]);
  });

  it.each([
    ['in seconds', '240', entry()],
    ['in minutes', '4m', entry()],
    ['for a longer --timeout', '300s', entry('DORX', '/usr/bin/smtp2gs --timeout=400 --recipient=x https://x')],
  ])('finds a time limit that is not above the deadline, %s', async (_, limit, master) => {
    const main = `smtp2gs_destination_recipient_limit = 1\nsmtp2gs_time_limit = ${limit}\n`;
    const { failed } = await withPostfix(main, master);
    expect(failed).toMatchObject([
      { text: matching(/smtp2gs_time_limit.*bounces/), remedy: matching(/postconf -e 'smtp2gs_time_limit = \d+s'/) },
    ]);
  });

  it('takes a time limit that is inherited', async () => {
    const main = 'smtp2gs_destination_recipient_limit = 1\ncommand_time_limit = 100s\n';
    expect((await withPostfix(main, entry())).failed).toMatchObject([{ text: matching(/is 100s/) }]);
    expect((await withPostfix(main.replace('100s', '1000s'), entry())).failed).toEqual([]);
  });

  it('finds words that smtp2gs does not understand', async () => {
    const { failed } = await withPostfix(wellMain, entry('DORX', '/usr/bin/smtp2gs --receiver=x https://x'));
    expect(failed).toMatchObject([{ text: matching(/--receiver/), remedy: matching(/master\.cf/) }]);
  });

  it('finds a smtp2gs.cjs whose Node a mail system does not find', async () => {
    const { failed } = await withPostfix(wellMain, entry('DORX', '/opt/smtp2gs.cjs https://x'));
    const isFit = /^v(2[2-9]|[3-9]\d)\./.test(systemNode());
    expect(failed).toMatchObject(
      isFit ? [] : [{ text: matching(/node/), remedy: matching(/absolute path of a Node/) }],
    );
    expect((await withPostfix(wellMain, entry('DORX', '/opt/node /opt/smtp2gs.cjs https://x'))).failed).toEqual([]);
  });

  it('finds an alias with too short a time limit', async () => {
    const aliases = command.newFile(
      '# "|/usr/bin/smtp2gs"\nroot: ada\ngroups: "|/usr/bin/smtp2gs --timeout 90 https://x"\n',
    );
    const main = `alias_maps = texthash:${aliases}\ncommand_time_limit = 90s\n`;
    expect((await withPostfix(main, '')).failed).toMatchObject([
      { check: `postfix ${aliases}`, text: matching(/command_time_limit is 90s/), remedy: matching(/150s/) },
    ]);
    expect((await withPostfix(main.replace('90s', '91s'), '')).failed).toEqual([]);
  });

  it('only warns when nothing runs smtp2gs, or without the safety net', async () => {
    const none = await withPostfix('', 'other unix - n n - - pipe flags=R user=nobody argv=/bin/true\n');
    expect(none.failed).toEqual([]);
    expect(none.findings).toContainEqual(
      expect.objectContaining({ check: 'postfix', status: 'warning', remedy: matching(/mta-config/) }),
    );
    const bare = await withPostfix(wellMain, entry().replace(/ {2}-o .*\n/, ''));
    expect(bare.failed).toEqual([]);
    expect(bare.findings).toContainEqual(
      expect.objectContaining({
        check: 'postfix smtp2gs',
        status: 'warning',
        remedy: matching(/pipe_delivery_status_filter/),
      }),
    );
  });

  it('finds a configuration that Postfix itself cannot read', async () => {
    const { failed } = await examineOn('/nowhere');
    expect(failed).toMatchObject([
      { check: 'postfix', text: matching(/\/nowhere/), remedy: matching(/postfix check/) },
    ]);
  });

  it.runIf(canChangeUser)('skips all that where there is no postconf', async () => {
    const hide = 'mount -t tmpfs none /usr/sbin && exec "$@"';
    const words = ['/usr/bin/unshare', '--mount', '/bin/sh', '-c', hide, 'sh', ...command.words('smtp2gs')] as const;
    const { stdout } = await command.runWords([...words], {
      args: ['doctor', '--json', `--config=${config}`, server.url],
      input: '',
    });
    expect(JSON.parse(stdout)).toMatchObject({
      findings: expect.arrayContaining([
        { check: 'postfix', status: 'skipped', text: 'there is no postconf here' },
      ]) as unknown,
    });
  });
});

/** The version of the Node that an environment of pipe(8) has; empty where there is none. */
function systemNode(): string {
  try {
    return execFileSync('node', ['--version'], { env: { PATH: '/usr/bin:/bin' } }).toString();
  } catch {
    return '';
  }
}
