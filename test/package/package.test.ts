/**
 * The Debian package, taken apart into a folder and run from there: by an unprivileged user, with an empty environment.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deliveryOptions } from '../../functions/smtp2gs/options.ts';
import { tools } from '../../functions/smtp2gs/tools/tools.ts';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { suiteNeeds } from '../required-suite.ts';
import { configText, groupAddress, plainMail } from '../scenarios.ts';
import { installCommand } from '../smtp2gs/installed-command.ts';

const root = new URL('../../', import.meta.url).pathname;

describe.runIf(suiteNeeds('dpkg-deb'))('the Debian package', () => {
  const place = mkdtempSync(join(tmpdir(), 'smtp2gs-unpacked-'));
  chmodSync(place, 0o755);
  const command = installCommand();
  let server: GroupServer | undefined;
  let file = '';
  beforeAll(async () => {
    file = execFileSync(process.execPath, [join(root, 'infra/build/package.ts'), place])
      .toString()
      .trim();
    execFileSync('dpkg-deb', ['-x', file, place]);
    server = await startGroupServer();
  });
  afterAll(async () => {
    await server?.stop();
    command.remove();
    rmSync(place, { recursive: true, force: true });
  });

  it('delivers a mail', async () => {
    const config = command.newFile(configText, true);
    const args = [
      `--config=${config}`,
      `--recipient=${groupAddress}`,
      `--lock-dir=${command.newDirectory(true)}`,
      server?.url ?? '',
    ];
    const result = await command.runWords([join(place, 'usr/bin/smtp2gs')], { args, input: plainMail, asNobody: true });
    expect(result).toEqual({ exit: 0, signal: null, stdout: '', stderr: '' });
    expect(server?.posts).toHaveLength(1);
  });

  it('has a man page that lists exactly the options of the program, and that groff renders without a warning', () => {
    const page = gunzipSync(readFileSync(join(place, 'usr/share/man/man1/smtp2gs.1.gz'))).toString();
    const optionsIn = (section: string) => {
      const text = page.split(`.SH ${section}\n`)[1]?.split('\n.SH ')[0] ?? '';
      return [...text.matchAll(/^.*\\fB\\-\\-([a-z\\-]+)\\fR/gm)].map(([, name]) => name?.replaceAll('\\-', '-'));
    };
    expect(optionsIn('OPTIONS')).toEqual(deliveryOptions.map(({ long }) => long));
    for (const [word, { options }] of Object.entries(tools)) {
      expect(optionsIn(word.toUpperCase().replace('-', '\\-'))).toEqual(options.map(({ long }) => long));
    }
    const groff = spawnSync('groff', ['-ww', '-man', '-Tutf8', '-z'], { input: page });
    expect({ status: groff.status, warnings: groff.stderr.toString() }).toEqual({ status: 0, warnings: '' });
    const mandoc = spawnSync('mandoc', ['-Tlint', '-Wwarning'], { input: page });
    expect(mandoc.error === undefined ? mandoc.stdout.toString() : '').toBe('');
  });

  it('has an example configuration that the program reads', async () => {
    const example = readFileSync(join(place, 'usr/share/doc/smtp2gs/examples/gsconfig.ini'), 'utf8');
    const { parseConfig } = await import('../../functions/core/config.ts');
    expect(parseConfig(example, 'default')).toEqual({ token: 'theValueOfTheToken', relayPrefix: 'p-' });
  });

  it('has a unit that systemd understands', () => {
    const unit = readFileSync(join(place, 'lib/systemd/system/smtp2gs-lmtp.service'), 'utf8');
    expect(unit).toMatch(/^ExecStart=\/usr\/bin\/smtp2gs lmtp /m);
    const verify = spawnSync('systemd-analyze', ['verify', '--man=no', `--root=${place}`, 'smtp2gs-lmtp.service']);
    const complaints = (verify.error ? '' : verify.stderr.toString())
      .split('\n')
      .filter((line) => /smtp2gs-lmtp\.service:\d+:/.test(line));
    expect(complaints).toEqual([]);
  });

  it('belongs to root, and nobody else can write to its files', () => {
    const list = execFileSync('dpkg-deb', ['-c', file]).toString().trim().split('\n');
    expect(
      list.filter(
        (line) => !/^[-d]r.x?.?r-.r-. root\/root|^[-d]rwxr-xr-x root\/root|^-rw-r--r-- root\/root/.test(line),
      ),
    ).toEqual([]);
    expect(existsSync(join(place, 'etc/smtp2gs/gsconfig.ini'))).toBe(false);
    expect(statSync(join(place, 'usr/bin/smtp2gs')).mode & 0o777).toBe(0o755);
    const control = execFileSync('dpkg-deb', ['-f', file]).toString();
    expect(control).toMatch(/^Package: smtp2gs\n/);
    expect(control).not.toMatch(/@[A-Z_]+@/);
  });
});
