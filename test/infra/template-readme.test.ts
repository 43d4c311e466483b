/**
 * infra/README.md against the template: every alarm is explained there, by its name, and everything explained exists.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fullest } from './template-parameters.ts';
import { at, entries, readTemplate, text } from './template-read.ts';
import { ofType, resolveTemplate } from './template-resolve.ts';

const guide = readFileSync(new URL('../../infra/README.md', import.meta.url), 'utf8');
const stack = resolveTemplate(readTemplate(), fullest);
const alarms = ofType(stack, 'AWS::CloudWatch::Alarm');

describe('the deployment guide', () => {
  it('explains each alarm under its name, and none that does not exist', () => {
    const table = guide.slice(guide.indexOf('| alarm |')).split('\n\n')[0] ?? '';
    const explained = [...table.matchAll(/^\| (.+?) \| .+ \| .+ \|$/gm)].map((match) => match[1] ?? '').slice(1);
    const names = alarms.map(({ properties: alarm }) => text(at(alarm, 'AlarmName')).replace('smtp2gs ', ''));
    expect(explained.toSorted()).toEqual(names.toSorted());
  });

  it('counts the alarms that cost money as many as there are', () => {
    expect(guide).toContain(`${alarms.filter(({ whole }) => at(whole, 'Condition') === undefined).length} alarms $`);
  });

  it('names only parameters and outputs that exist', () => {
    const known = [...entries(at(stack.template, 'Parameters')), ...entries(at(stack.template, 'Outputs'))].map(
      ([name]) => name,
    );
    const resources = entries(at(stack.template, 'Resources')).map(([name]) => name);
    const others = ['ConfigurationError', 'SendBounce']; // a metric, an operation of SES
    const named = [...guide.matchAll(/`"?([A-Z][a-z]+(?:[A-Z]\w+)+)\b/g)].map((match) => match[1] ?? '');
    expect(named.length).toBeGreaterThan(15);
    expect(named.filter((name) => ![...known, ...resources, ...others].includes(name))).toEqual([]);
  });

  it('shows the rule set being activated by the command that the stack puts out', () => {
    const command = text(stack.outputs.find(([id]) => id === 'ActivateCommand')?.[1]).replace(
      'smtp2gs-stack',
      'smtp2gs',
    );
    expect(guide).toContain(command);
  });
});
