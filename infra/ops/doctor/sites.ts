/**
 * Checks of what the function needs to deliver: the text of gsconfig.ini, and for each domain a GroupServer that answers
 * and takes the token. The token is never in a finding. GroupServer is asked from this machine, with a look-up that
 * changes nothing; the function asks from AWS.
 */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { parseConfig } from '../../../functions/core/config.ts';
import { DeliveryFailure, statusOf, statusText } from '../../../functions/core/delivery-status.ts';
import { groupServer } from '../../../functions/core/groupserver.ts';
import { siteUrl } from '../../../functions/core/site-url.ts';
import { clientConfig } from '../aws-clients.ts';
import { explain } from '../explain.ts';
import { Failure } from '../failure.ts';
import { isObject, parsedJson, textAt } from '../json.ts';
import type { Stack } from '../stack.ts';
import { type Check, type Finding, ill, well } from './check.ts';
import { httpPost } from './http-post.ts';

interface Site {
  readonly domain: string;
  readonly url: string;
  readonly instance: string;
}

/** Milliseconds. */
const patience = 15_000;

/** Gives one check of the configuration for each instance, and one of GroupServer for each domain. */
export function siteChecks(stack: Stack): Check[] {
  const sites = sitesOf(stack.parameter('Sites'));
  const secret = stack.parameter('ConfigSecretArn');
  const place = secret || stack.parameter('ConfigParameter');
  let text: Promise<string> | undefined;
  // Read once, when it is needed first.
  const config = async (instance: string) => {
    text ??= configText(stack.region, secret, place);
    return parseConfig(await text, instance);
  };
  const domains = stack.parameter('RecipientDomains').split(',');
  return [
    ...[...new Set(sites.map(({ instance }) => instance))].map((instance) => ({
      name: `configuration, instance ${instance}`,
      look: async () => {
        try {
          await config(instance);
          return well(`${place} has a token`);
        } catch (error) {
          return ill(
            `${place}: ${whatIsWrong(error, stack.region)}`,
            'store the text of gsconfig.ini there: infra/README.md, step 2',
          );
        }
      },
    })),
    ...domains.map((domain) => ({
      name: `GroupServer of ${domain}`,
      look: async () => {
        const site = sites.find((each) => each.domain === domain);
        if (!site)
          return ill('no site has this domain: its mail is parked', 'add it to Sites in samconfig.toml, and deploy');
        const known = await config(site.instance).catch(() => undefined);
        if (!known) return ill('not asked, since its token is not known', `mend the configuration in ${place}`);
        return await ask(site, known.token, place, stack);
      },
    })),
  ];
}

function sitesOf(text: string): Site[] {
  const value = parsedJson(text);
  if (!isObject(value)) throw new Failure('The parameter Sites of the stack is no JSON object.');
  return Object.entries(value).map(([domain, site]) => ({
    domain: domain.toLowerCase(),
    url: textAt(site, 'url') ?? '',
    instance: textAt(site, 'instance') ?? 'default',
  }));
}

async function configText(region: string, secret: string, place: string): Promise<string> {
  if (secret) {
    const client = new SecretsManagerClient(clientConfig(region));
    return (await client.send(new GetSecretValueCommand({ SecretId: secret }))).SecretString ?? '';
  }
  const client = new SSMClient(clientConfig(region));
  return (await client.send(new GetParameterCommand({ Name: place, WithDecryption: true }))).Parameter?.Value ?? '';
}

/** What the services say of a text that is not there says nothing. */
function whatIsWrong(error: unknown, region: string): string {
  if (error instanceof DeliveryFailure) return error.message;
  const isMissing = error instanceof Error && /^(ParameterNotFound|ResourceNotFoundException)$/.test(error.name);
  return isMissing ? 'not there' : explain(error, region);
}

async function ask({ domain, url, instance }: Site, token: string, place: string, stack: Stack): Promise<Finding> {
  try {
    const server = groupServer({ site: siteUrl(url), token, timeSource: 'server', post: httpPost });
    await server.findGroup(`smtp2gs-doctor@${domain}`, AbortSignal.timeout(patience));
  } catch (error) {
    const status = statusOf(error);
    // There is no such group; that GroupServer says so is what was to be found out.
    if (status.kind !== 'no-group') return ill(statusText(status), remedy(error, { instance, place, stack }));
  }
  return well('answers, and takes the token');
}

function remedy(error: unknown, { instance, place, stack }: { instance: string; place: string; stack: Stack }): string {
  const kind = error instanceof DeliveryFailure ? error.kind : undefined;
  if (kind === 'answer-not-understood') {
    return `compare URL and token with those of the site; the token of instance ${instance} is in ${place}`;
  }
  if (kind === 'config-invalid' || kind === 'url-without-host') return 'correct Sites in samconfig.toml, and deploy';
  return stack.parameter('SubnetIds') === ''
    ? 'is the site up, its name and its certificate right?'
    : 'asked from this machine, not from the subnets of the function: can this machine reach it?';
}
