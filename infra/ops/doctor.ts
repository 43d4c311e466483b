/**
 * `npm run doctor`: looks at everything that must be right for mail to arrive, one line for each with what to do about
 * it. It changes nothing, and prints no token. Exit status 1 when anything is wrong.
 */

import { isIP } from 'node:net';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SQSClient } from '@aws-sdk/client-sqs';
import { clientConfig, s3Client, sesClient } from './aws-clients.ts';
import { type Context, type Outcome, runCommand } from './command.ts';
import { type Check, finding, ill, well } from './doctor/check.ts';
import { deliveryChecks } from './doctor/delivery.ts';
import { mailExchangerChecks } from './doctor/mail-exchanger.ts';
import { receivingChecks } from './doctor/receiving.ts';
import { siteChecks } from './doctor/sites.ts';
import { UsageError } from './failure.ts';
import type { Stack } from './stack.ts';

await runCommand({
  name: 'doctor',
  text: `Looks at everything that must be right for mail to arrive: configuration, token,
GroupServer, identities, receipt rule, queues, function and MX record. One line for
each, with what to do. It changes nothing.`,
  options: [
    {
      name: 'dns-server',
      value: 'ADDRESS',
      text: 'Ask this DNS server for the MX records, such as 9.9.9.9 or 127.0.0.1:5353.',
    },
  ],
  isChange: false,
  check(line) {
    const server = line.value('dns-server');
    if (server !== undefined && isIP(server.replace(/(?<=^[\d.]+):\d+$|^\[|\](:\d+)?$/g, '')) === 0)
      throw new UsageError('--dns-server must be an IP address, with or without a port');
  },
  run: doctor,
});

async function doctor({ stack, line, out, signal }: Context): Promise<Outcome> {
  const config = clientConfig(stack.region);
  const checks = [
    stackCheck(stack),
    ...siteChecks(stack),
    ...receivingChecks(stack, sesClient(stack.region), s3Client(stack.region)),
    ...deliveryChecks(stack, new SQSClient(config), new LambdaClient(config)),
    ...mailExchangerChecks(stack, line.value('dns-server')),
  ];
  const results = [];
  // All at once, told in their order.
  for (const { name, found } of checks.map((check) => ({ name: check.name, found: finding(check, stack) }))) {
    if (signal.aborted) break;
    out.progress(`${name} …`);
    const result = await found;
    if (result.isWell) out.marked('✓', 'green', `${name}: ${result.text}`);
    else {
      out.marked('✗', 'red', `${name}: ${result.text}`);
      out.line(`    → ${result.remedy}`);
    }
    results.push({ name, ...result });
  }
  const failed = results.filter(({ isWell }) => !isWell).length;
  out.line();
  if (failed === 0) out.marked('✓', 'green', `All ${results.length} checks are well.`);
  else out.marked('✗', 'red', `${failed} of ${results.length} checks found something.`);
  return { isWell: failed === 0, result: { isWell: failed === 0, checks: results } };
}

function stackCheck({ name, region, status }: Stack): Check {
  return {
    name: 'stack',
    look: async () =>
      /^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE$/.test(status)
        ? well(`${name} in ${region} is ${status}`)
        : ill(
            `${name} in ${region} is ${status}`,
            'look at its events in the console of CloudFormation, and deploy again',
          ),
  };
}
