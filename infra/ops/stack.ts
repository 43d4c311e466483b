/**
 * The deployed stack: what its outputs and parameters say, read with one DescribeStacks. All names come from there, so
 * that no script guesses one. A stack that is not there, or an output that it lacks, is a Failure.
 */
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { clientConfig } from './aws-clients.ts';
import { Failure } from './failure.ts';

export interface Stack {
  readonly name: string;
  readonly region: string;
  /** CloudFormation's word, such as UPDATE_COMPLETE. */
  readonly status: string;
  /** Gives an output of infra/template.yaml. */
  output: (key: string) => string;
  /** Gives a parameter of infra/template.yaml as it was deployed; empty where it was left empty, or was not known then. */
  parameter: (key: string) => string;
}

/** Finds the stack; `region` may be left to the SDK, which looks into the profile. */
export async function findStack(name: string, region: string | undefined): Promise<Stack> {
  const client = new CloudFormationClient(clientConfig(region));
  const found = await client.config.region();
  const [stack] = await describe(client, name, found);
  const outputs = new Map(stack?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  const parameters = new Map(
    stack?.Parameters?.map(({ ParameterKey, ParameterValue }) => [ParameterKey, ParameterValue]),
  );
  return {
    name,
    region: found,
    status: stack?.StackStatus ?? 'unknown',
    output(key) {
      const value = outputs.get(key);
      if (value !== undefined) return value;
      throw new Failure(`Stack ${name} in ${found} has no output ${key}: is it smtp2gs, deployed with this template?`);
    },
    parameter: (key) => parameters.get(key) ?? '',
  };
}

async function describe(client: CloudFormationClient, name: string, region: string) {
  try {
    const { Stacks = [] } = await client.send(new DescribeStacksCommand({ StackName: name }));
    return Stacks;
  } catch (error) {
    if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message)) {
      throw new Failure(`There is no stack ${name} in ${region}; say which with --stack and --region.`, {
        cause: error,
      });
    }
    throw error;
  }
}
