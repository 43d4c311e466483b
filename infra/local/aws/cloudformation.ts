/**
 * The part of CloudFormation by which operator scripts find a deployment: DescribeStacks, for one stack that stands for
 * the local one, with the outputs and parameters of infra/template.yaml.
 */
import { AwsError } from './aws-error.ts';
import { type AwsService, queryService } from './wire.ts';

/** What a deployed stack tells of itself. */
export interface DeployedStack {
  name: string;
  outputs: Record<string, string>;
  parameters: Record<string, string>;
}

/** Serves the stack as it is when a call comes. */
export function cloudFormationService(stack: () => DeployedStack): AwsService {
  return queryService('http://cloudformation.amazonaws.com/doc/2010-05-15/', {
    DescribeStacks: (form) => {
      const { name, outputs, parameters } = stack();
      const asked = form.get('StackName') ?? name;
      if (asked !== name) throw new AwsError('ValidationError', `Stack with id ${asked} does not exist`);
      const Outputs = Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
      const Parameters = Object.entries(parameters).map(([ParameterKey, ParameterValue]) => ({
        ParameterKey,
        ParameterValue,
      }));
      const CreationTime = '2026-01-01T00:00:00.000Z';
      return { Stacks: [{ StackName: name, StackStatus: 'CREATE_COMPLETE', CreationTime, Outputs, Parameters }] };
    },
  });
}
