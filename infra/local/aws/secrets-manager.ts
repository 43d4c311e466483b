/** Secrets Manager: secrets by name or ARN, the current version only. */
import { createHash } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { requiredText } from './input.ts';
import { type AwsService, jsonService } from './wire.ts';

/** Serves the secrets of the map (name to text), which may also be changed from outside. */
export function secretsManagerService(
  secrets: Map<string, string>,
  { region, account }: { region: string; account: string },
): AwsService {
  const arnOf = (name: string) => `arn:aws:secretsmanager:${region}:${account}:secret:${name}-local1`;
  const versionOf = (value: string) => createHash('sha256').update(value).digest('hex').slice(0, 32);
  const find = (id: string) => {
    const name = [...secrets.keys()].find((candidate) => candidate === id || arnOf(candidate) === id);
    const value = secrets.get(name ?? '');
    if (name === undefined || value === undefined)
      throw new AwsError('ResourceNotFoundException', "Secrets Manager can't find the specified secret.");
    return { name, value };
  };
  return jsonService('1.1', {
    GetSecretValue: (input) => {
      const { name, value } = find(requiredText(input, 'SecretId'));
      const VersionStages = ['AWSCURRENT'];
      return { ARN: arnOf(name), Name: name, SecretString: value, VersionId: versionOf(value), VersionStages };
    },
    PutSecretValue: (input) => {
      const { name } = find(requiredText(input, 'SecretId'));
      const value = requiredText(input, 'SecretString');
      secrets.set(name, value);
      return { ARN: arnOf(name), Name: name, VersionId: versionOf(value) };
    },
  });
}
