/**
 * Fetches the text of gsconfig.ini from an SSM SecureString or a Secrets Manager secret, by Powertools parameters, and
 * keeps it for 5 minutes. It does not know what the text means. A text that is not there or may not be read is
 * `config-invalid`; a service in trouble is an `internal-error`: both are retried, only the first alarms.
 */
import { DeliveryFailure } from '../core/delivery-status.ts';
import { requestHandler } from './aws-clients.ts';
import { awsFailure } from './aws-failure.ts';
import type { ConfigPlace } from './settings.ts';

/** Seconds. */
const maxAge = 300;

type Fetch = (name: string, options: { maxAge: number; forceFetch: boolean }) => Promise<unknown>;

/** The clients are loaded when the first mail comes, and only the one that is needed. */
const makers: Record<ConfigPlace['service'], () => Promise<Fetch>> = {
  async ssm() {
    const { SSMProvider } = await import('@aws-lambda-powertools/parameters/ssm');
    const provider = new SSMProvider({ clientConfig: { requestHandler } });
    return (name, options) => provider.get(name, { ...options, decrypt: true });
  },
  async 'secrets-manager'() {
    const { SecretsProvider } = await import('@aws-lambda-powertools/parameters/secrets');
    const provider = new SecretsProvider({ clientConfig: { requestHandler } });
    return (name, options) => provider.get(name, options);
  },
};
const fetchers: Partial<Record<ConfigPlace['service'], Promise<Fetch>>> = {};

/** Gives the text; `fresh` fetches it even when it is kept. */
export async function configText({ service, name }: ConfigPlace, { fresh = false } = {}): Promise<string> {
  let text: unknown;
  try {
    fetchers[service] ??= makers[service]();
    const fetch = await fetchers[service];
    text = await fetch(name, { maxAge, forceFetch: fresh });
  } catch (error) {
    throw awsFailure(error, name);
  }
  if (typeof text !== 'string' || text === '') throw new DeliveryFailure('config-invalid', `${name} holds no text`);
  return text;
}
