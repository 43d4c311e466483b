/**
 * Says in one line what went wrong between an operator and AWS, with what to do about it: no credentials, old ones,
 * missing rights, the wrong region, no network. Whatever it does not know keeps AWS's own words. Credentials are never
 * in it, since neither the SDK nor AWS puts them into its messages.
 */
import { Failure } from './failure.ts';
import { at } from './json.ts';

const noCredentials = new Set(['CredentialsProviderError', 'TokenProviderError']);
const badCredentials = new Set([
  'ExpiredToken',
  'ExpiredTokenException',
  'RequestExpired',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'InvalidSignatureException',
  'SignatureDoesNotMatch',
  'IncompleteSignature',
]);
const missingRights = /^(AccessDenied|AccessDeniedException|UnauthorizedOperation|NotAuthorized|AuthorizationError)$/;
const unreachable = /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|TimeoutError)$/;

/** Writes an error as one line. `region` is where AWS was asked, as far as it is known. */
export function explain(error: unknown, region: string | undefined): string {
  if (!(error instanceof Error)) return oneLine(String(error));
  if (error instanceof Failure) return oneLine(error.message);
  const name = awsName(error);
  if (noCredentials.has(name)) {
    const remedy =
      'set AWS_PROFILE (after "aws sso login" or "aws configure"), or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY';
    return oneLine(`There are no AWS credentials: ${remedy}. (${error.message})`);
  }
  if (badCredentials.has(name)) return oneLine(`AWS does not take these credentials (${name}): ${error.message}`);
  if (missingRights.test(name) || httpStatus(error) === 403)
    return oneLine(`These credentials lack a right: ${error.message || name}`);
  if (/region is missing/i.test(error.message)) {
    return 'No region is known: give --region, set AWS_REGION, or write it into samconfig.toml.';
  }
  const where = networkCode(error);
  if (where) return oneLine(`AWS cannot be reached in ${region ?? 'the region'} (${where}). Is the region right?`);
  return oneLine(error.message ? `${name}: ${error.message}` : name);
}

/** SQS tells its errors in two ways, one with a prefix. */
function awsName(error: Error): string {
  return error.name.replace(/^.*[.#]/, '');
}

/** An answer to HEAD has no body, and so no code. */
function httpStatus(error: Error): unknown {
  return at(error, '$metadata', 'httpStatusCode');
}

function networkCode(error: Error): string | undefined {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : error.name;
  if (unreachable.test(code)) return code === error.message ? code : `${code}: ${error.message}`;
  // A host with several addresses fails with an AggregateError, whose own message is empty.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : error.cause;
  return inner instanceof Error ? networkCode(inner) : undefined;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
