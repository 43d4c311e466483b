/** The way of mail as a picture: the parts of the chain in their order, each with what it has, and where mail may end. */
import { names } from './deployed-stack.ts';
import { escapeHtml } from './group-server/escape-html.ts';
import type { Stack } from './stack.ts';

interface Part {
  name: string;
  count: number;
  unit: string;
  remark?: string;
  /** How it looks: something is under way, or needs a look. */
  look?: 'busy' | 'trouble' | undefined;
}

/** The picture as HTML; counts only, nothing from a mail. */
export function picture(stack: Stack): string {
  const { cloud, lambda, ingress } = stack;
  const queued = stack.queued();
  const count = (state: string) => queued.filter((mail) => mail.state === state).length;
  const stored = cloud.s3.list(names.bucket).filter(({ key }) => key.startsWith(names.prefix)).length;
  const errors = lambda.reports().filter(({ functionError }) => functionError).length;
  const servers = stack.sites.map(({ server }) => server);
  const offline = servers.filter(({ isOnline }) => !isOnline).length;
  const total = (list: 'posts' | 'relayed' | 'bounces') =>
    servers.reduce((sum, server) => sum + server[list].length, 0);

  const way: Part[] = [
    {
      name: 'SES',
      count: cloud.ses.received(),
      unit: 'mails received',
      ...(ingress.waiting() > 0 && { remark: `${ingress.waiting()} in the spool`, look: 'busy' }),
    },
    { name: 'S3', count: stored, unit: 'objects stored' },
    {
      name: 'SQS',
      count: queued.length,
      unit: 'queued',
      remark: `${count('ready')} ready, ${count('in flight')} in flight, ${count('waiting')} waiting`,
      look: queued.length > 0 ? 'busy' : undefined,
    },
    {
      name: 'Lambda',
      count: lambda.reports().length,
      unit: 'invocations',
      remark: stack.mapping.enabled() ? `${errors} failed` : 'paused',
      look: errors > 0 || !stack.mapping.enabled() ? 'trouble' : undefined,
    },
    {
      name: 'GroupServer',
      count: total('posts'),
      unit: 'posts',
      remark: offline > 0 ? 'offline' : `${total('relayed')} relayed, ${total('bounces')} bounces recorded`,
      look: offline > 0 ? 'trouble' : undefined,
    },
  ];
  const ends: Part[] = [
    { name: 'Parked', count: stack.parked().length, unit: 'kept for an administrator' },
    { name: 'Quarantine', count: stack.quarantined().length, unit: 'suspicious' },
    { name: 'Bounced', count: stack.bounces().length, unit: 'senders told' },
    { name: 'Undelivered notices', count: cloud.undeliveredNoticeQueue.contents().length, unit: 'SNS could not bring' },
  ];
  const troubled = ends.map((part) => ({ ...part, look: part.count > 0 ? ('trouble' as const) : undefined }));
  return `<ol class="way">${way.map(box).join('')}</ol><ol class="ends">${troubled.map(box).join('')}</ol>`;
}

const box = ({ name, count, unit, remark, look }: Part): string =>
  `<li class="${look ?? 'calm'}"><h3>${escapeHtml(name)}</h3><p class="number">${count}</p>
  <p class="small">${escapeHtml(unit)}</p>${remark ? `<p class="small">${escapeHtml(remark)}</p>` : ''}</li>`;
