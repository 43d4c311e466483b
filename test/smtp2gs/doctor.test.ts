/**
 * `smtp2gs doctor` on hosts that are well and on hosts with one thing wrong each: real files, servers and certificates.
 * What it finds in Postfix is in doctor-postfix.test.ts.
 */
import { chmodSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type GroupServer, startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { makeCertificates } from '../certificates.ts';
import { configText, token } from '../scenarios.ts';
import { examine as examineHost, postfixFolder } from './doctor-report.ts';
import { artefacts, canChangeUser, installCommand, type RunOptions } from './installed-command.ts';
import { matching } from './matching.ts';

const certificates = makeCertificates();
const command = installCommand();
let server: GroupServer;
beforeAll(async () => {
  const { key, cert } = certificates.good;
  server = await startGroupServer({ tls: { key, cert } });
});
afterAll(async () => {
  await server.stop();
  certificates.remove();
  command.remove();
});

describe.each(artefacts)('doctor of %s', (artefact) => {
  const config = command.newFile(configText);
  const lockDir = command.newDirectory();
  // The Postfix of this host is none of our business.
  const postfix = postfixFolder(command, '', '');
  /** The last of several options wins. */
  const examine = async (args: readonly string[] = [], options: RunOptions = {}) => {
    const url = args.some((word) => !word.startsWith('--')) ? [] : [server.url];
    const defaults = [`--config=${config}`, `--lock-dir=${lockDir}`, `--ca-file=${certificates.caFile}`];
    return await examineHost(command, artefact, [...defaults, ...args, ...url], { ...options, postfix });
  };

  it('finds nothing wrong with a host that is well', async () => {
    const { findings, failed } = await examine();
    expect(failed).toEqual([]);
    const ok = findings.filter(({ status }) => status === 'ok').map(({ check }) => check);
    expect(ok).toEqual(
      expect.arrayContaining([
        'configuration',
        'token file',
        'host name',
        'connection',
        'token',
        'lock directory',
        'flock',
        'spool directory',
        'program',
      ]),
    );
    expect(server.requests.every(({ path }) => path.includes('exists'))).toBe(true);
  });

  it('writes one line for each check to people', async () => {
    const args = ['doctor', `--config=${config}`, `--lock-dir=${lockDir}`, server.url];
    const { exit, stdout } = await command.run(artefact, {
      args,
      input: '',
      environment: { MAIL_CONFIG: postfix },
    });
    expect(exit).toBe(1);
    for (const line of stdout.trimEnd().split('\n')) expect(line).toMatch(/^(ok|warning|FAILED|skipped) +[a-z ]+: /);
    expect(stdout).toMatch(/^FAILED {3}certificate: it is not trusted \(\w+\)\. Remedy: .*--ca-file$/m);
    expect(stdout).toMatch(/^skipped {2}token: /m);
  });

  it('tells that a certificate will expire soon', async () => {
    const { findings } = await examine();
    expect(findings).toContainEqual({
      check: 'certificate',
      status: 'warning',
      text: matching(/expires in \d days/),
      remedy: matching(/renew/),
    });
  });

  it.runIf(canChangeUser)('says when the rights of root were those that were tried', async () => {
    const asRoot = await examine();
    expect(asRoot.findings.at(-1)).toMatchObject({ check: 'user', status: 'warning', remedy: matching(/sudo -u/) });
    const own = [`--config=${command.newFile(configText, true)}`, `--lock-dir=${command.newDirectory(true)}`];
    chmodSync(certificates.caFile.replace(/\/[^/]*$/, ''), 0o755);
    const asNobody = await examine(own, { asNobody: true });
    expect(asNobody.findings.at(-1)).toMatchObject({ check: 'user', status: 'ok' });
    expect(asNobody.failed).toEqual([]);
  });

  describe('finds, with a remedy,', () => {
    it('a missing configuration file', async () => {
      const { failed, findings } = await examine(['--config=/nowhere/gsconfig.ini']);
      expect(failed).toEqual([
        { check: 'configuration', status: 'failed', text: matching(/ENOENT/), remedy: matching(/token = /) },
      ]);
      expect(findings).toContainEqual({ check: 'token', status: 'skipped', text: 'there is no configuration' });
    });

    it('an instance that is not configured', async () => {
      const { failed } = await examine(['--instance=other']);
      expect(failed).toMatchObject([{ check: 'configuration', text: matching(/\[config-other\]/) }]);
    });

    it('a token that everybody can read', async () => {
      const open = command.newFile(configText);
      chmodSync(open, 0o644);
      const { failed } = await examine([`--config=${open}`]);
      expect(failed).toEqual([
        { check: 'token file', status: 'failed', text: matching(/everybody/), remedy: matching(/^chmod 640 \S/) },
      ]);
    });

    it('a configuration file that others can write', async () => {
      const open = command.newFile(configText);
      chmodSync(open, 0o660);
      const { failed } = await examine([`--config=${open}`]);
      expect(failed).toMatchObject([{ check: 'token file', text: matching(/write/), remedy: matching(/^chmod/) }]);
    });

    it('a wrong token', async () => {
      const wrong = command.newFile(configText.replace(token, 'aWrongToken'));
      const { failed } = await examine([`--config=${wrong}`]);
      expect(failed).toEqual([
        { check: 'token', status: 'failed', text: matching(/^4\.5\.0 .*Token/), remedy: matching(/write the token/) },
      ]);
      expect(JSON.stringify(failed)).not.toContain('aWrongToken');
    });

    it('a host name that does not exist', async () => {
      const { failed } = await examine(['https://no-such-host.invalid/']);
      expect(failed).toEqual([
        { check: 'host name', status: 'failed', text: matching(/no-such-host\.invalid/), remedy: matching(/resolv/) },
      ]);
    });

    it('a server that is down', async () => {
      const { failed } = await examine(['https://127.0.0.1:1']);
      expect(failed).toMatchObject([
        { check: 'connection', text: matching(/ECONNREFUSED/), remedy: matching(/firewall/) },
      ]);
    });

    it.each([
      ['expired', certificates.expired, /expired/, /renew/],
      ["another host's", certificates.wrongHost, /not for 127\.0\.0\.1/, /name/],
      ['self-signed', certificates.selfSigned, /not trusted/, /--ca-file/],
    ] as const)('a certificate that is %s, and sends no token there', async (_, { key, cert }, text, remedy) => {
      const other = await startGroupServer({ tls: { key, cert } });
      const { failed } = await examine([other.url]);
      await other.stop();
      expect(failed).toEqual([
        { check: 'certificate', status: 'failed', text: matching(text), remedy: matching(remedy) },
      ]);
      expect(other.requests).toEqual([]);
    });

    it('a certificate that is asked not to be verified, and a site without one', async () => {
      const insecure = await examine(['--insecure']);
      expect(insecure.findings).toContainEqual(expect.objectContaining({ check: 'certificate', status: 'warning' }));
      const plain = await startGroupServer();
      const { findings, exit } = await examine([plain.url]);
      await plain.stop();
      expect(findings).toContainEqual(expect.objectContaining({ check: 'certificate', status: 'warning' }));
      expect(exit).toBe(0);
    });

    it('a site that is no GroupServer', async () => {
      server.faults.next({ kind: 'status', status: 404 });
      const { failed } = await examine();
      expect(failed).toMatchObject([
        { check: 'token', text: matching(/HTTP 404/), remedy: matching(/explain --http 404/) },
      ]);
    });

    it('a URL that is none', async () => {
      const { failed } = await examine(['groups.example.com']);
      expect(failed).toMatchObject([{ check: 'site', remedy: matching(/URL/) }]);
    });

    it('a missing lock directory', async () => {
      const { failed } = await examine(['--lock-dir=/nowhere/smtp2gs']);
      expect(failed).toEqual([
        {
          check: 'lock directory',
          status: 'failed',
          text: matching(/^\/nowhere\/smtp2gs is not there/),
          remedy: matching(/^install -d -m 0700 -o \d+ \/nowhere\/smtp2gs$/),
        },
      ]);
    });

    it('a lock directory that others can write to', async () => {
      const open = command.newDirectory();
      chmodSync(open, 0o777);
      const { failed } = await examine([`--lock-dir=${open}`]);
      expect(failed).toMatchObject([
        { check: 'lock directory', text: matching(/other users/), remedy: matching(/0700/) },
      ]);
    });

    it('a missing spool directory', async () => {
      const { failed } = await examine(['--spool-dir=/nowhere']);
      expect(failed).toMatchObject([
        { check: 'spool directory', text: matching(/ENOENT/), remedy: matching(/--spool-dir/) },
      ]);
    });

    it('a program that only its owner can run', async () => {
      chmodSync(command.directory, 0o700);
      const { failed } = await examine();
      chmodSync(command.directory, 0o755);
      expect(failed).toMatchObject([{ check: 'program', text: matching(/mode/), remedy: matching(/copy/) }]);
    });
  });

  it.each([[[]], [['a', 'b']]])('refuses %j instead of a URL', async (words) => {
    const ended = await command.run(artefact, { args: ['doctor', ...words], input: '' });
    expect(ended).toMatchObject({ exit: 64, stdout: '', stderr: matching(/one URL/) });
  });
});
