/**
 * Puts the template before the judges of AWS: cfn-lint, for three regions that receive mail, and the SAM translator, whose
 * result (what CloudFormation really makes) must pass all the rules of template.test.ts too.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { emittedMetrics } from './template-code.ts';
import { fullest, smallest } from './template-parameters.ts';
import { at, entries, templatePath, text } from './template-read.ts';
import { ofType, properties, resolveTemplate } from './template-resolve.ts';
import { templateRules } from './template-rules.ts';
import { cfnLint, samTransform, toolsHere } from './template-tools.ts';

const here = toolsHere();
const source = readFileSync(templatePath, 'utf8');

describe.skipIf(!here.cfnLint)('cfn-lint', () => {
  it('finds nothing in the template, for three regions that receive mail', () => {
    expect(cfnLint(source, ['us-east-1', 'eu-west-1', 'us-west-2'])).toEqual({ status: 0, output: '' });
  });

  it('is really asked: it finds an encryption that does not exist', () => {
    const { status, output } = cfnLint(source.replace('SSEAlgorithm: AES256', 'SSEAlgorithm: AES257'), ['us-east-1']);
    expect(status).not.toBe(0);
    expect(output).toContain('AES257');
  });
});

describe.skipIf(!here.samTranslator)('the transformed template', () => {
  const transformed = here.samTranslator ? samTransform(templatePath) : {};

  it('passes every rule that the written one passes, with few parameters and with all', async () => {
    const rules = templateRules(await emittedMetrics());
    for (const parameters of [smallest, fullest]) {
      const stack = resolveTemplate(transformed, parameters);
      expect(rules.flatMap((rule) => rule.problems(stack))).toEqual([]);
    }
  });

  it('has nothing of SAM left, and nothing that SAM made but function and event source', () => {
    const types = entries(at(transformed, 'Resources')).map(([id, resource]) => [id, text(at(resource, 'Type'))]);
    expect(types.filter(([, type]) => type?.startsWith('AWS::Serverless'))).toEqual([]);
    const written = entries(at(resolveTemplate(transformed, smallest).template, 'Resources')).map(([id]) => id);
    expect(written.filter((id) => !source.includes(`\n  ${id}:`))).toEqual(['Ses2gsMail']);
  });

  it('runs the function under our role alone', () => {
    const stack = resolveTemplate(transformed, smallest);
    expect(ofType(stack, 'AWS::IAM::Role').map(({ id }) => id)).toEqual(['Ses2gsRole']);
    expect(ofType(stack, 'AWS::Lambda::Permission')).toEqual([]);
    expect(at(properties(stack, 'Ses2gs'), 'Role')).toBe('<Ses2gsRole.Arn>');
  });

  it('puts the function into the VPC when subnets are given, and only then', () => {
    const network = (parameters: Record<string, string>) =>
      at(properties(resolveTemplate(transformed, parameters), 'Ses2gs'), 'VpcConfig');
    expect(network(smallest)).toBeUndefined();
    expect(network(fullest)).toEqual({ SubnetIds: ['subnet-0a', 'subnet-0b'], SecurityGroupIds: ['sg-0a'] });
  });
});
