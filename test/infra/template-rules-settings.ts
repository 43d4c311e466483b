/**
 * What is set: the rules about the function, its environment, the parameters and the outputs.
 */

import { at, entries, list, number, text, type Value } from './template-read.ts';
import { properties } from './template-resolve.ts';
import { check, type Rule } from './template-rule.ts';

/** What spec/ses2gs.md fixes; of the two places of the configuration exactly one is set. */
const environmentNames = [
  'SMTP2GS_SITES',
  'SMTP2GS_BUCKET',
  'SMTP2GS_PREFIX',
  'SMTP2GS_QUEUE_URL',
  'SMTP2GS_PARK_QUEUE_URL',
  'SMTP2GS_LEDGER_TABLE',
  'SMTP2GS_BOUNCE_SENDER',
  'SMTP2GS_EXPIRY_ACTION',
  'SMTP2GS_SPAM_ACTION',
  'SMTP2GS_MAX_SIZE_MIB',
  'SMTP2GS_TIME_SOURCE',
  'SMTP2GS_TIMEOUT_SECONDS',
];
const configurationNames = ['SMTP2GS_CONFIG_PARAMETER', 'SMTP2GS_CONFIG_SECRET'];

const references = (value: Value): string[] => {
  if (typeof value === 'string') return [...value.matchAll(/\$\{([^}.!]+)\}/g)].map((match) => match[1] ?? '');
  if (Array.isArray(value)) return value.flatMap(references);
  return entries(value).flatMap(([name, inner]) => (name === 'Ref' ? [text(inner)] : references(inner)));
};

export const settingRules: Rule[] = [
  {
    says: 'runs the bundle of ours on the runtime it is built for, with a log of its own',
    problems: (stack) => {
      const lambda = properties(stack, 'Ses2gs');
      const wanted = { Handler: 'index.handler', Runtime: 'nodejs24.x', Timeout: 180 };
      return [
        ...Object.entries(wanted).flatMap(([name, value]) =>
          check(at(lambda, name) === value, `${name} is not ${value}`),
        ),
        ...check(list(at(lambda, 'Architectures')).map(text).join() === 'arm64', 'not arm64 alone'),
        ...check(
          at(lambda, 'LoggingConfig', 'LogGroup') === '<Ses2gsLogs>',
          'logs go to a group that is kept for ever',
        ),
        ...check(at(lambda, 'LoggingConfig', 'LogFormat') === 'JSON', 'logs are not JSON'),
      ];
    },
    noticed: [
      ['an old runtime', 'Resources/Ses2gs/Properties/Runtime', 'nodejs20.x'],
      ['another handler', 'Resources/Ses2gs/Properties/Handler', 'handler.handler'],
      ['the log group that Lambda makes', 'Resources/Ses2gs/Properties/LoggingConfig', undefined],
    ],
  },
  {
    says: 'sets exactly the environment of the contract, one place for the configuration, and no secret in it',
    problems: (stack) => {
      const variables = entries(at(properties(stack, 'Ses2gs'), 'Environment', 'Variables'));
      const names = variables.map(([name]) => name);
      const places = names.filter((name) => configurationNames.includes(name));
      return [
        ...environmentNames.filter((name) => !names.includes(name)).map((name) => `${name} is not set`),
        ...names
          .filter((name) => ![...environmentNames, ...configurationNames].includes(name))
          .map((name) => `${name} is not in the contract`),
        ...check(places.length === 1, `${places.length} places for the configuration`),
        ...variables
          .filter(([, value]) => /\{\{resolve:/.test(text(value)))
          .map(([name]) => `${name} holds a secret in plain text`),
      ];
    },
    noticed: [
      ['a variable that is missing', 'Resources/Ses2gs/Properties/Environment/Variables/SMTP2GS_QUEUE_URL', undefined],
      ['a setting of V8', 'Resources/Ses2gs/Properties/Environment/Variables/NODE_OPTIONS', '--max-old-space-size=400'],
      ['both places', 'Resources/Ses2gs/Properties/Environment/Variables/SMTP2GS_CONFIG_SECRET', 'arn'],
      [
        'a token resolved into the environment',
        'Resources/Ses2gs/Properties/Environment/Variables/SMTP2GS_SITES',
        '{{resolve:secretsmanager:smtp2gs}}',
      ],
    ],
  },
  {
    says: 'gives an attempt less time than the function has, and warns at 80 % of the latter',
    problems: (stack) => {
      const timeout = number(at(properties(stack, 'Ses2gs'), 'Timeout'));
      const longest = number(at(stack.template, 'Parameters', 'TimeoutSeconds', 'MaxValue'));
      return [
        ...check(longest <= timeout - 10, 'an attempt may outlast the function'),
        ...check(
          number(at(properties(stack, 'FunctionDurationAlarm'), 'Threshold')) === timeout * 800,
          'the alarm is not at 80 %',
        ),
      ];
    },
    noticed: [
      ['an attempt as long as the function', 'Parameters/TimeoutSeconds/MaxValue', 180],
      ['an alarm that never comes', 'Resources/FunctionDurationAlarm/Properties/Threshold', 180_000],
    ],
  },
  {
    says: 'describes, bounds and uses every parameter',
    problems: (stack) => {
      const used = new Set(
        references(at(stack.template, 'Resources') ?? null).concat(
          references(at(stack.template, 'Conditions') ?? null),
        ),
      );
      return entries(at(stack.template, 'Parameters')).flatMap(([name, parameter]) => {
        const preset = at(parameter, 'Default');
        const pattern = text(at(parameter, 'AllowedPattern'));
        const bounded =
          pattern !== '' || ['AllowedValues', 'MinValue'].some((bound) => at(parameter, bound) !== undefined);
        return [
          ...check(used.has(name), `${name} is not used`),
          ...check(text(at(parameter, 'Description')).length > 10, `${name} has no description`),
          ...check(bounded, `${name} may be anything`),
          ...check(
            preset === undefined || pattern === '' || new RegExp(`^(?:${pattern})$`).test(text(preset)),
            `${name}: the default does not fit the pattern`,
          ),
        ];
      });
    },
    noticed: [
      ['a parameter that does nothing', 'Resources/Ses2gs/Properties/MemorySize', 512],
      ['a parameter without words', 'Parameters/SpamAction/Description', undefined],
      ['a parameter without bounds', 'Parameters/AlarmEmail/AllowedPattern', undefined],
      ['a default against the pattern', 'Parameters/Name/Default', 'Smtp2GS'],
    ],
  },
  {
    says: 'tells how to go on: the MX record and the command that activates the rule set',
    problems: (stack) => {
      const output = (name: string) => text(stack.outputs.find(([id]) => id === name)?.[1]);
      return [
        ...check(output('MxRecord') === '10 inbound-smtp.us-east-1.amazonaws.com', 'the MX record is wrong'),
        ...check(
          /^npm run activate -- --.*smtp2gs-stack/.test(output('ActivateCommand')),
          'the activation command is wrong',
        ),
      ];
    },
    noticed: [
      ['no MX record', 'Outputs/MxRecord', undefined],
      [
        'a command that replaces any active set',
        'Outputs/ActivateCommand/Value',
        'aws ses set-active-receipt-rule-set',
      ],
    ],
  },
];
