/**
 * The command line: what 3.x took is taken, and what is wrong is told in one line that says what to do.
 */
import { chmodSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../../functions/smtp2gs/arguments.ts';
import { artefacts, canChangeUser, installCommand } from './installed-command.ts';
import { matching } from './matching.ts';

const url = 'https://groups.example.com';
const optionsOf = (argv: string[], environment = {}) => {
  const parsed = parseArguments(argv, environment);
  if (parsed.kind !== 'deliver') throw new Error(parsed.kind);
  return parsed.options;
};

describe('parseArguments()', () => {
  it('has the defaults of the contract', () => {
    expect(optionsOf([url])).toEqual({
      url,
      maxSize: 200,
      file: '-',
      timeSource: 'server',
      config: ['/etc/smtp2gs/gsconfig.ini', 'etc/gsconfig.ini'],
      instance: 'default',
      envelope: {},
      queueId: undefined,
      caFile: undefined,
      insecure: false,
      timeout: 240,
      slots: 1,
      lockDir: undefined,
      spoolDir: '/var/tmp',
      exitStyle: 'sysexits',
      log: undefined,
    });
  });

  it.each([
    [['-m1', '-lgroup', '-f', 'mail', '-c', 'x.ini', '-i', 'site', '-tmessage', url]],
    [
      [
        '--max-size=1',
        '--list=group',
        '--file=mail',
        '--config=x.ini',
        '--instance=site',
        '--time-source=message',
        url,
      ],
    ],
    [
      [
        url,
        '--max-size',
        '1',
        '--list',
        'group',
        '--file',
        'mail',
        '--config',
        'x.ini',
        '--instance',
        'site',
        '-t',
        'message',
      ],
    ],
    [['--max', '1', '--li', 'group', '--fi=mail', '--co', 'x.ini', '--inst', 'site', '--time-s=message', '--', url]],
  ])('takes the options of 3.x as %j', (argv) => {
    expect(optionsOf(argv)).toMatchObject({
      url,
      maxSize: 1,
      envelope: { list: 'group' },
      file: 'mail',
      config: ['x.ini'],
      instance: 'site',
      timeSource: 'message',
    });
  });

  it('takes the envelope from options and environment', () => {
    const environment = { ORIGINAL_RECIPIENT: 'a@h', SENDER: 's@h', INSTANCE_HOME: '/srv/gs', TMPDIR: '/var/spool/x' };
    expect(optionsOf([url], environment)).toMatchObject({
      envelope: { environmentRecipient: 'a@h', sender: 's@h' },
      config: ['/srv/gs/etc/gsconfig.ini'],
      spoolDir: '/var/spool/x',
    });
    expect(optionsOf(['--recipient=r@h', '--sender=', url], environment).envelope).toMatchObject({
      recipient: 'r@h',
      sender: '',
    });
    expect(optionsOf(['--sender', '', '--recipient=-odd@h', url]).envelope).toEqual({
      recipient: '-odd@h',
      sender: '',
    });
  });
});

const command = installCommand();
afterAll(() => command.remove());

describe.each(artefacts)('wrong usage of %s', (artefact) => {
  const config = `--config=${command.newFile('[webservice-default]\ntoken = theValueOfTheToken\n')}`;

  it.each([
    [[], /no URL given/],
    [[url, url], /one URL is taken, not 2/],
    [['--what', url], /unknown option --what/],
    [['-x', url], /unknown option -x/],
    [['--max-size=0', url], /--max-size must be a whole number of at least 1/],
    [['--max-size', '-1', url], /--max-size needs a value/],
    [['-m1.5', url], /whole number/],
    [['--max-size', 'many', url], /whole number/],
    [['--time-source=moon', url], /--time-source must be server or message/],
    [['--timeout=0', url], /--timeout/],
    [['--slots=0', url], /--slots/],
    [['--recipient', '--sender=x', url], /--recipient needs a value/],
    [['--in', 'x', url], /may be --instance or --insecure/],
    [['--insecure=yes', url], /takes no value/],
    [['--list=', url], /--list must be the id of a group/],
    [[url, '--recipient'], /--recipient needs a value/],
    [
      ['--config=/no/such/gsconfig.ini', url],
      /cannot read the configuration file \/no\/such\/gsconfig\.ini \(ENOENT\)/,
    ],
    [['--config=/', url], /configuration file \/ \(EISDIR\)/],
    [[config, '--ca-file=/no/such.pem', url], /CA file \/no\/such\.pem \(ENOENT\)/],
    [[config, '--ca-file=/etc/passwd', url], /holds no PEM certificate/],
    [[config, '--instance=other', url], /no section \[config-other\] or \[webservice-other\]/],
  ])('%j is told with 4.3.5, and the mail is kept', async (args, says) => {
    const { exit, stderr, stdout } = await command.run(artefact, { args, input: 'mail' });
    expect({ exit, stdout }).toEqual({ exit: 75, stdout: '' });
    expect(stderr).toMatch(/^4\.3\.5 [\x20-\x7e]{1,480}\n$/);
    expect(stderr).toMatch(says);
  });

  it.runIf(canChangeUser)('a token file that it may not read is told', async () => {
    const secret = command.newFile('[webservice-default]\ntoken = theValueOfTheToken\n');
    chmodSync(secret, 0o600);
    const { exit, stderr } = await command.run(artefact, {
      args: [`--config=${secret}`, url],
      input: 'mail',
      asNobody: true,
    });
    expect({ exit, stderr: /^4\.3\.5 .*EACCES/.test(stderr) }).toEqual({ exit: 75, stderr: true });
  });

  it('exits 64 for a person at a terminal', async () => {
    const [program, ...words] = command.words(artefact);
    // script(1) gives the command a terminal.
    const line = [program, ...words, '--what'].join(' ');
    const { exit, stdout } = await command.runWords(['/usr/bin/script', '-qec', line, '/dev/null'], { input: '' });
    expect({ exit, said: stdout.includes('4.3.5') }).toEqual({ exit: 64, said: true });
  });

  it('answers --help and --version on stdout', async () => {
    const help = await command.run(artefact, { args: ['--help'], input: '' });
    expect(help).toMatchObject({ exit: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: smtp2gs \[options\] URL\n/);
    expect(help.stdout.split('\n').every((line) => line.length < 80)).toBe(true);
    expect(await command.run(artefact, { args: ['-V'], input: '' })).toMatchObject({
      exit: 0,
      stdout: matching(/^smtp2gs \d+\.\d+\.\d+\n$/),
    });
  });
});
