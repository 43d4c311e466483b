/**
 * The SSM parameter store. A SecureString is given in clear only to a caller that asks for decryption, as on AWS:
 * who forgets that must not get a token that works.
 */
import { AwsError } from './aws-error.ts';
import { field, requiredText, text, texts } from './input.ts';
import { type AwsService, jsonService } from './wire.ts';

/** A parameter as the store holds it. */
export interface Parameter {
  type: string;
  value: string;
  version: number;
}

/** Serves the parameters of the map, which may also be changed from outside. */
export function ssmService(parameters: Map<string, Parameter>, now: () => number): AwsService {
  const view = (name: string, input: unknown) => {
    const parameter = parameters.get(name);
    if (!parameter) return undefined;
    const hidden = parameter.type === 'SecureString' && field(input, 'WithDecryption') !== true;
    const Value = hidden ? `ENCRYPTED:${Buffer.from(parameter.value).toString('hex')}` : parameter.value;
    return { Name: name, Type: parameter.type, Value, Version: parameter.version, LastModifiedDate: now() / 1000 };
  };
  return jsonService('1.1', {
    GetParameter: (input) => {
      const Parameter = view(requiredText(input, 'Name'), input);
      if (!Parameter) throw new AwsError('ParameterNotFound', `Parameter ${requiredText(input, 'Name')} not found.`);
      return { Parameter };
    },
    GetParameters: (input) => {
      const names = texts(input, 'Names');
      return {
        Parameters: names.flatMap((name) => view(name, input) ?? []),
        InvalidParameters: names.filter((name) => !parameters.has(name)),
      };
    },
    PutParameter: (input) => {
      const name = requiredText(input, 'Name');
      const before = parameters.get(name);
      if (before && field(input, 'Overwrite') !== true)
        throw new AwsError('ParameterAlreadyExists', 'The parameter already exists. To overwrite it, say so.');
      const version = (before?.version ?? 0) + 1;
      const type = text(input, 'Type') ?? before?.type ?? 'String';
      parameters.set(name, { type, value: requiredText(input, 'Value'), version });
      return { Version: version, Tier: 'Standard' };
    },
  });
}
