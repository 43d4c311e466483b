/**
 * `--exit-style qmail`: the three exit statuses that qmail-command(8) tells apart, whatever the code is.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { startGroupServer } from '../../infra/local/group-server/group-server.ts';
import { configText, groupAddress, plainMail } from '../scenarios.ts';
import { artefacts, installCommand } from './installed-command.ts';
import { matching } from './matching.ts';

const command = installCommand();
const config = command.newFile(configText);
afterAll(() => command.remove());

describe.each(artefacts)('the exit status of %s', (artefact) => {
  it.each([
    ['delivered', [], 0, 0, /^$/],
    ['an unknown group', ['--recipient=nobody@groups.example.com'], 67, 100, /^5\.1\.1 /],
    ['a broken configuration', ['--config=/nowhere'], 75, 111, /^4\.3\.5 /],
    ['a mail that is too large', ['--max-size=1'], 65, 100, /^5\.3\.4 /],
  ])('for %s follows --exit-style', async (_, args, sysexits, qmail, says) => {
    const server = await startGroupServer();
    const input = args.includes('--max-size=1') ? plainMail.padEnd(1024 * 1024 + 1) : plainMail;
    const run = (style: readonly string[]) =>
      command.run(artefact, {
        args: [
          `--config=${config}`,
          `--lock-dir=${command.newDirectory()}`,
          `--recipient=${groupAddress}`,
          ...style,
          ...args,
          server.url,
        ],
        input,
      });
    expect(await run([])).toMatchObject({ exit: sysexits, stderr: matching(says) });
    expect(await run(['--exit-style=sysexits'])).toMatchObject({ exit: sysexits, stderr: matching(says) });
    expect(await run(['--exit-style', 'qmail'])).toMatchObject({ exit: qmail, stderr: matching(says) });
    await server.stop();
  });

  it('is one that qmail takes for temporary when the style itself is wrong', async () => {
    const ended = await command.run(artefact, { args: ['--exit-style=courier', 'http://x'], input: plainMail });
    expect(ended).toMatchObject({ exit: 75, stderr: matching(/^4\.3\.5 .*sysexits or qmail/) });
  });
});
