/**
 * `smtp2gs doctor`: checks what a delivery needs, from the configuration file to the mail system, and says for each
 * finding what to do. It changes nothing, and sends the server nothing but a look-up. What depends on something that was
 * not found is left out.
 */
import { DeliveryFailure, statusOf } from '../../../core/delivery-status.ts';
import { bytesPerMebibyte } from '../../../core/limit.ts';
import { siteUrl } from '../../../core/site-url.ts';
import { configPlaces, spoolPlace } from '../../arguments.ts';
import type { Ending } from '../../ending.ts';
import { readCaFile } from '../../input-file.ts';
import type { ParsedOptions } from '../../parse-options.ts';
import { UsageError } from '../../usage-error.ts';
import { deliveryRows, helpRow, type Tool } from '../tool.ts';
import { checkCertificate, type Trust } from './check-certificate.ts';
import { type CheckedConfiguration, checkConfiguration } from './check-configuration.ts';
import { checkFlock, checkLockDirectory, checkSpoolDirectory } from './check-directories.ts';
import { checkConnection, checkName } from './check-network.ts';
import { checkPostfix } from './check-postfix.ts';
import { checkInterpreter, checkProgram } from './check-program.ts';
import { checkToken } from './check-token.ts';
import { type Finding, failed, ok, skipped, warning } from './finding.ts';

export const doctor: Tool = {
  synopsis: 'doctor [options] URL',
  description:
    'Checks what a delivery to the site needs and says for each finding what to do. It changes nothing. Run it as the user who runs the command for the mail system, with the options that are in the configuration of that. The exit status is 0 when nothing has failed, else 1.',
  options: [
    helpRow,
    { long: 'json', help: 'Write the findings as JSON.' },
    ...deliveryRows('config', 'instance', 'ca-file', 'insecure', 'lock-dir', 'spool-dir', 'max-size'),
  ],
  run,
};

async function run({ values, operands: [url, ...more] }: ParsedOptions): Promise<Ending> {
  if (url === undefined || more.length > 0) throw new UsageError('give one URL, such as https://groups.example.com');
  const configuration = checkConfiguration(configPlaces(values.get('config')), values.get('instance') ?? 'default');
  const spoolDir = spoolPlace(values.get('spool-dir'));
  const maxSize = Number(values.get('max-size') ?? 200) * bytesPerMebibyte;
  const [site, interpreter, postfix] = await Promise.all([
    checkSite(url, configuration, values.get('ca-file'), values.has('insecure')),
    checkInterpreter(),
    checkPostfix(),
  ]);
  const findings = [
    ...configuration.findings,
    ...site,
    checkLockDirectory(values.get('lock-dir')),
    checkFlock(),
    checkSpoolDirectory(spoolDir, maxSize),
    checkProgram(),
    ...interpreter,
    ...postfix,
    checkUser(),
  ];
  const isWell = findings.every(({ status }) => status !== 'failed');
  const text = values.has('json')
    ? `${JSON.stringify({ ok: isWell, findings }, null, 2)}\n`
    : findings.map(lineOf).join('');
  return { stdout: text, exit: isWell ? 0 : 1 };
}

/** What is on the way to the site, from the name to the token. */
async function checkSite(
  text: string,
  { config, path }: CheckedConfiguration,
  caFile: string | undefined,
  insecure: boolean,
): Promise<readonly Finding[]> {
  let url: URL;
  let trust: Trust;
  try {
    url = siteUrl(text);
    trust = { ca: caFile === undefined ? undefined : readCaFile(caFile), insecure };
  } catch (error) {
    if (!(error instanceof DeliveryFailure)) throw error;
    return [failed('site', statusOf(error).detail ?? '', 'mend the URL, or the file that --ca-file names')];
  }
  const { finding, addresses } = await checkName(url);
  if (addresses.length === 0) return [finding, skipped('token', 'the host is not known')];
  const connection = await checkConnection(url, addresses);
  if (connection.status === 'failed') return [finding, connection, skipped('token', 'the server cannot be reached')];
  const certificate = await checkCertificate(url, trust);
  const token =
    certificate.status === 'failed'
      ? skipped('token', 'it is not sent to a server that cannot be trusted')
      : config
        ? await checkToken(url, config, path, trust)
        : skipped('token', 'there is no configuration');
  return [finding, connection, certificate, token];
}

/** Files were looked at with the rights of whoever runs this. */
function checkUser(): Finding {
  const user = process.geteuid?.() ?? 0;
  if (user !== 0) return ok('user', `checked with the rights of user ${user}`);
  const remedy = 'run it as the user who runs smtp2gs, such as: sudo -u smtp2gs smtp2gs doctor ...';
  return warning(
    'user',
    'checked with the rights of root: whether that user can read and write the same is not known',
    remedy,
  );
}

const words = { ok: 'ok', warning: 'warning', failed: 'FAILED', skipped: 'skipped' } as const;

function lineOf({ check, status, text, remedy }: Finding): string {
  return `${words[status].padEnd(8)} ${check}: ${text}${remedy === undefined ? '' : `. Remedy: ${remedy}`}\n`;
}
