/**
 * An AWS that only answers: `node aws-stand-in.ts SMALL LARGE` gives one of two mails for any key (the large one where the
 * key says so), grants every wish of the ledger, and hands out the configuration. So what is measured is the Lambda, not
 * an emulator. It prints its port as JSON and ends when its stdin does.
 */
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listen } from '../../infra/local/listen.ts';

const [small = '', large = ''] = process.argv.slice(2);
const mails = { small: readFileSync(small), large: readFileSync(large) };
const parameter = {
  Parameter: {
    Name: '/bench/gsconfig.ini',
    Type: 'SecureString',
    Version: 1,
    Value: '[webservice-default]\ntoken = theValueOfTheToken\n',
  },
};

function answer(request: IncomingMessage, response: ServerResponse): void {
  const target = request.headers['x-amz-target'];
  if (typeof target === 'string') {
    const body = JSON.stringify(target.startsWith('AmazonSSM.') ? parameter : {});
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1', 'content-length': body.length }).end(body);
    return;
  }
  const mail = request.url?.includes('large') ? mails.large : mails.small;
  const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const part = mail.subarray(Number(from), to === '' ? mail.length : Number(to) + 1);
  response.writeHead(206, {
    etag: '"mail"',
    'content-length': part.length,
    'content-range': `bytes ${from}-${Number(from) + part.length - 1}/${mail.length}`,
  });
  response.end(part);
}

const { port } = await listen(
  createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    request.on('end', () => answer(request, response)).resume();
  }),
);
process.stdout.write(`${JSON.stringify({ port })}\n`);
process.stdin.resume().on('end', () => process.exit(0));
