/**
 * The time limits in the texts of infra/mta, where passing a limit would bounce mail or end a delivery half-way: each
 * is above the deadline that the command sets itself.
 */
import { expect, test } from 'vitest';
import { deliveryOptions, type OptionRow } from '../../functions/smtp2gs/options.ts';
import { readMtaSnippet } from '../mta/mta-snippet.ts';

const filling = {
  PROGRAM: '/usr/bin/smtp2gs',
  URL: 'https://groups.example.com',
  DOMAIN: 'example.com',
  USER: 'nobody',
};

test.each([
  ['postfix', /^smtp2gs_time_limit = (\d+)s$/m],
  ['postfix-aliases', /^command_time_limit = (\d+)s$/m],
  ['postfix-lmtp', /^lmtp_data_done_timeout = (\d+)s$/m],
  ['exim', /^ {2}timeout = (\d+)s$/m],
])('%s waits longer than the command', (name, setting) => {
  const options: readonly OptionRow[] = deliveryOptions;
  const deadline = Number(options.find(({ long }) => long === 'timeout')?.defaultText);
  const text = [...readMtaSnippet(name, filling).values()].join('\n');
  expect(deadline).toBeGreaterThan(0);
  expect(Number(setting.exec(text)?.[1])).toBeGreaterThan(deadline);
});
