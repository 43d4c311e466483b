/** All the rules about the template, for the metrics that the function emits. */

import type { Rule } from './template-rule.ts';
import { accessRules } from './template-rules-access.ts';
import { alarmRules, metricRule } from './template-rules-alarms.ts';
import { flowRules } from './template-rules-flow.ts';
import { keepingRules } from './template-rules-keeping.ts';
import { settingRules } from './template-rules-settings.ts';

export const templateRules = (emitted: readonly string[]): Rule[] => [
  ...accessRules,
  ...flowRules,
  ...keepingRules,
  ...settingRules,
  ...alarmRules,
  metricRule(emitted),
];
