/**
 * Scenario (d): the Lambda behind its Runtime API: start, first and later invocations, memory at 40 MB, and how much of
 * the bundle a mail needs. Against a bundle that makes the three AWS clients and nothing else, and against the two
 * requests alone.
 */
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Context } from './context.ts';
import { isDelivered, type LambdaBench, openLambdaBench } from './lambda-bench.ts';
import { figureText, type Report, spreadText } from './report.ts';
import { pairedRatio, shuffled, spreadOf } from './statistics.ts';
import { contentType } from './workshop.ts';

/** Measures the function; nothing where it was not built. */
export async function lambda(context: Context): Promise<Report[]> {
  const { workshop, progress, quick } = context;
  const bundle = workshop.artefact('ses2gs');
  progress.begin('(d) the Lambda behind its Runtime API');
  if (bundle === undefined) return [];
  const bench = await openLambdaBench(context);
  try {
    const clients = await clientsBundle(workshop.folder);
    const starts = await measureStarts(bench, clients, quick ? 3 : 15, context);
    progress.step('invocations');
    const calls = await measureCalls(bench, quick ? 50 : 400);
    progress.step('40 MB');
    const large = await measureLarge(bench, quick ? 1 : 5);
    progress.step('bundle');
    const path = await bytesOnThePath(bench);
    progress.step('the two requests alone');
    const posts = spreadOf(await measurePosts(context, quick ? 50 : 400));
    const warm = spreadOf(calls.warm);
    const start = spreadOf(starts.own);
    const ratio = pairedRatio(starts.own, starts.clients);
    const kibibytes = path.bytes / 1024;
    return [
      {
        title: '(d) the Lambda behind its Runtime API',
        table: {
          columns: ['', 'median (quartiles)', ''],
          rows: [
            ['start to the first question for an event', spreadText(start, 0), 'ms'],
            ['  of a bundle that only makes three clients', spreadText(spreadOf(starts.clients), 0), 'ms'],
            ['  ratio', spreadText(ratio, 2), ''],
            ['first invocation', spreadText(spreadOf(starts.first), 1), 'ms'],
            ['later invocations', spreadText(warm, 2), 'ms'],
            ['the two requests alone, connection kept', spreadText(posts, 2), 'ms'],
            ['invocation with a mail of 40 MB', spreadText(spreadOf(large.milliseconds), 0), 'ms'],
            ['memory, small mails', figureText(calls.rss, 0), 'MB'],
            ['memory, mails of 40 MB', figureText(Math.max(...large.rss), 0), 'MB'],
            ['loaded for a mail, of the bundle', figureText(kibibytes, 0), 'KiB'],
          ],
        },
        notes: [
          `${path.files.length} files are loaded for a mail: ${path.files.map((file) => file.split('/').at(-1)).join(', ')}`,
          ...(calls.failed + large.failed === 0 ? [] : [`${calls.failed + large.failed} invocations failed`]),
          'AWS and GroupServer answer at once, so this is what the function itself takes',
        ],
        figures: {
          'lambda start / clients': ratio.median,
          'lambda warm above posts ms': warm.median - posts.median,
          'lambda 40 MB RSS': Math.max(...large.rss),
          'lambda bundle KiB': kibibytes,
        },
        data: { starts, calls, large, path, posts },
      },
    ];
  } finally {
    await bench.stop();
  }
}

async function clientsBundle(folder: string): Promise<string> {
  const outdir = join(folder, 'clients');
  mkdirSync(outdir);
  await build({
    stdin: {
      contents: `import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
export const clients = [new DynamoDBClient(), new S3Client(), new SQSClient()];
export const handler = async () => ({ batchItemFailures: [] });`,
      resolveDir: import.meta.dirname,
    },
    outfile: join(outdir, 'index.mjs'),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    mainFields: ['module', 'main'],
    banner: { js: "import{createRequire as r}from'node:module';const require=r(import.meta.url);" },
    logLevel: 'warning',
  });
  return outdir;
}

async function measureStarts(bench: LambdaBench, clients: string, rounds: number, { progress }: Context) {
  const own: number[] = [];
  const others: number[] = [];
  const first: number[] = [];
  for (let round = -1; round < rounds; round += 1) {
    progress.step(`start ${round + 1} of ${rounds}`);
    for (const which of shuffled(['own', 'clients'])) {
      const started = await bench.start(which === 'own' ? {} : { taskRoot: clients });
      const { durationMs } = await started.invoke(bench.event('small'));
      await started.stop();
      if (round < 0) continue;
      (which === 'own' ? own : others).push(started.initMs);
      if (which === 'own') first.push(durationMs);
    }
  }
  return { own, clients: others, first };
}

async function measureCalls(bench: LambdaBench, count: number) {
  const started = await bench.start();
  const warm: number[] = [];
  let failed = 0;
  let rss = 0;
  for (let call = -50; call < count; call += 1) {
    const ended = await started.invoke(bench.event('small'));
    if (!isDelivered(ended)) failed += 1;
    if (call >= 0) warm.push(ended.durationMs);
    rss = ended.maxMemoryMiB;
  }
  await started.stop();
  return { warm, failed, rss };
}

async function measureLarge(bench: LambdaBench, rounds: number) {
  const milliseconds: number[] = [];
  const rss: number[] = [];
  let failed = 0;
  for (let round = 0; round < rounds; round += 1) {
    const started = await bench.start();
    // Twice: what the first leaves behind must not add up.
    for (const _ of [1, 2]) {
      const ended = await started.invoke(bench.event('large'));
      if (!isDelivered(ended)) failed += 1;
      milliseconds.push(ended.durationMs);
      rss.push(ended.maxMemoryMiB);
    }
    await started.stop();
  }
  return { milliseconds, rss, failed };
}

/** The files of the bundle that a process loads until it has delivered a mail. */
async function bytesOnThePath(bench: LambdaBench): Promise<{ files: string[]; bytes: number }> {
  const files: string[] = [];
  const client = fileURLToPath(new URL('../../infra/local/runtime-client.mjs', import.meta.url));
  const hook = new URL('loaded-files.mjs', import.meta.url).href;
  const started = await bench.start({
    command: [process.execPath, '--import', hook, client],
    onLine(line) {
      const url = /loaded (file:[^"\\]+\/ses2gs\/[^"\\]+)/.exec(line)?.[1];
      if (url !== undefined) files.push(fileURLToPath(url));
    },
  });
  await started.invoke(bench.event('small'));
  await started.stop();
  return { files, bytes: files.reduce((sum, file) => sum + statSync(file).size, 0) };
}

async function measurePosts({ workshop, server }: Context, count: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const lookUp = readFileSync(workshop.lookUpBody);
  const add = readFileSync(await workshop.addBody(5100));
  const post = (path: string, body: Buffer) =>
    new Promise<void>((resolve, reject) => {
      const headers = { 'content-type': contentType, 'content-length': body.length };
      const outgoing = request({ agent, method: 'POST', host: '127.0.0.1', port: server.http, path, headers });
      outgoing.once('error', reject).once('response', (answer) => answer.resume().once('end', resolve));
      outgoing.end(body);
    });
  const walls: number[] = [];
  for (let turn = -50; turn < count; turn += 1) {
    const begun = performance.now();
    await post('/gs-group-messages-add-group-exists.html', lookUp);
    await post('/gs-group-messages-add-email.html', add);
    if (turn >= 0) walls.push(performance.now() - begun);
  }
  agent.destroy();
  return walls;
}
