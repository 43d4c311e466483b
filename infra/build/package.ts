/**
 * `npm run package`: makes a Debian package of what `npm run build` has built: the standalone command, its man page,
 * the systemd unit for LMTP, an example configuration. It goes to `dist/`, or to the folder that is given. Needs dpkg-deb;
 * fails with its message otherwise.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';

const root = new URL('../../', import.meta.url).pathname;
const dist = join(root, 'dist');
const folder = process.argv[2] ?? dist;
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const version = /"version": "([^"]+)"/.exec(read('package.json'))?.[1] ?? '0';
const architecture = process.arch === 'arm64' ? 'arm64' : 'amd64';
const staging = mkdtempSync(join(tmpdir(), 'smtp2gs-package-'));

const put = (path: string, content: string | Buffer, mode = 0o644) => {
  const target = join(staging, path);
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 });
  writeFileSync(target, content);
  chmodSync(target, mode);
};
const fill = (text: string, values: Record<string, string>) =>
  text.replaceAll(/@([A-Z_]+)@/g, (whole, name: string) => values[name] ?? whole);
// Debian Policy 12.3 and 12.7: compressed as far as possible, without a time stamp, so that a build can be repeated.
const gzip = (text: string) => gzipSync(text, { level: 9 });

try {
  if (!existsSync(join(dist, 'smtp2gs'))) throw new Error('dist/smtp2gs is not there: run "npm run build" first');
  const doc = 'usr/share/doc/smtp2gs';
  put('usr/bin/smtp2gs', readFileSync(join(dist, 'smtp2gs')), 0o755);
  put('usr/share/man/man1/smtp2gs.1.gz', gzip(readFileSync(join(dist, 'smtp2gs.1'), 'utf8')));
  put('lib/systemd/system/smtp2gs-lmtp.service', read('infra/debian/smtp2gs-lmtp.service'));
  put('usr/lib/tmpfiles.d/smtp2gs.conf', read('infra/debian/tmpfiles.conf'));
  put('etc/default/smtp2gs-lmtp', read('infra/debian/smtp2gs-lmtp.default'));
  put(`${doc}/examples/gsconfig.ini`, read('infra/debian/gsconfig.ini'));
  put(`${doc}/changelog.gz`, gzip(read('CHANGELOG.md')));
  const licence = read('LICENSE').trimEnd().split('\n').slice(4);
  const indented = licence.map((line) => (line === '' ? ' .' : ` ${line}`)).join('\n');
  put(`${doc}/copyright`, fill(read('infra/debian/copyright'), { LICENSE: indented }));
  if (existsSync(join(dist, 'LICENSES.txt'))) put(`${doc}/LICENSES.txt`, readFileSync(join(dist, 'LICENSES.txt')));

  const size = String(Math.ceil(statSync(join(dist, 'smtp2gs')).size / 1024) + 100);
  const values = { VERSION: version, ARCHITECTURE: architecture, INSTALLED_SIZE: size };
  put('DEBIAN/control', fill(read('infra/debian/control'), values));
  put('DEBIAN/conffiles', read('infra/debian/conffiles'));
  for (const script of ['postinst', 'prerm']) put(`DEBIAN/${script}`, read(`infra/debian/${script}`), 0o755);

  chmodSync(staging, 0o755);
  const file = join(folder, `smtp2gs_${version}_${architecture}.deb`);
  execFileSync('dpkg-deb', ['--root-owner-group', '-Zgzip', '-z6', '--build', staging, file], { stdio: 'pipe' });
  console.log(file);
} finally {
  rmSync(staging, { recursive: true, force: true });
}
