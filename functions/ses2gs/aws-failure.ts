/**
 * What the errors of AWS services mean: those that an administrator has to mend (a permission, a name, a key, a sender
 * that is not verified) are `config-invalid` and alarm at once; all others pass by themselves. Pure.
 */
import { DeliveryFailure } from '../core/delivery-status.ts';

const mendable = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'NoSuchBucket',
  'ParameterNotFound',
  'ParameterVersionNotFound',
  'ResourceNotFoundException',
  'QueueDoesNotExist',
  'InvalidKeyId',
  'DecryptionFailure',
  'ValidationException',
  'ValidationError',
  'InvalidParameterValue',
  'MessageRejected',
  'CredentialsProviderError',
]);

/** Makes a failure of an error of the SDK or of Powertools; `what` says what was to be had, `otherwise` what it is if it passes. */
export function awsFailure(
  error: unknown,
  what: string,
  otherwise: 'internal-error' | 'message-unreadable' = 'internal-error',
): DeliveryFailure {
  if (error instanceof DeliveryFailure) return error;
  // Powertools wraps what the SDK has thrown.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const name = nameOf(cause);
  return new DeliveryFailure(mendable.has(name) ? 'config-invalid' : otherwise, `${what}: ${name}`, { cause });
}

/** Gives the name by which AWS calls an error. */
export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown error';
}
