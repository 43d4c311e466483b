/**
 * What a rule about the template is: a sentence, a check that answers with the problems it found, and the ways to break a
 * sound template that it must notice (template.test.ts tries each one, so that no rule can be one that never fails).
 */
import { at, indexOf, isObject, type Value } from './template-read.ts';
import type { Stack } from './template-resolve.ts';

export type Rule = {
  says: string;
  problems: (stack: Stack) => string[];
  /** What is wrong, where (a path of `at`, with slashes), and what stands there instead; undefined takes it away. */
  noticed: [what: string, path: string, instead: Value | undefined][];
};

/** A copy of the template with one thing changed. Fails if the path leads nowhere, so that a breakage cannot miss. */
export const broken = (template: Value, path: string, instead: Value | undefined): Value => {
  const copy = structuredClone(template);
  const steps = path.split('/');
  const last = steps.pop() ?? '';
  const parent = at(copy, ...steps);
  if (Array.isArray(parent)) {
    const index = indexOf(parent, last);
    if (index < 0) throw new Error(`nothing at ${path}`);
    parent.splice(index, 1, ...(instead === undefined ? [] : [instead]));
  } else if (isObject(parent) && (last in parent || instead !== undefined)) {
    if (instead === undefined) delete parent[last];
    else parent[last] = instead;
  } else {
    throw new Error(`nothing at ${path}`);
  }
  return copy;
};

/** The problem unless the condition holds. */
export const check = (holds: boolean, problem: string): string[] => (holds ? [] : [problem]);
