/**
 * Works a template out for given parameters, as CloudFormation would: conditions, Ref, Sub, GetAtt, If, Join, Select, Split.
 * A resource stands as `<LogicalId>`, its attribute as `<LogicalId.Attribute>`, so that policies can be read as plain text.
 * Fails on a parameter without a value and on a function it does not know, so that nothing is passed over unseen.
 */
import { at, entries, isObject, text, type Value } from './template-read.ts';

export type Stack = {
  template: Value;
  /** Resources whose condition holds, worked out. */
  resources: { id: string; type: string; properties: Value; whole: Value }[];
  outputs: [string, Value][];
};

const pseudo: Record<string, string> = {
  'AWS::AccountId': '111122223333',
  'AWS::Partition': 'aws',
  'AWS::Region': 'us-east-1',
  'AWS::StackName': 'smtp2gs-stack',
};

export const resolveTemplate = (template: Value, given: Record<string, string>): Stack => {
  const parameter = (name: string): Value | undefined => {
    const declared = at(template, 'Parameters', name);
    if (declared === undefined) return undefined;
    const value = given[name] ?? at(declared, 'Default');
    if (value === undefined) throw new Error(`no value for the parameter ${name}`);
    return at(declared, 'Type') === 'CommaDelimitedList' ? text(value).split(',') : value;
  };

  const reference = (name: string): Value | undefined => {
    if (name === 'AWS::NoValue') return undefined;
    if (pseudo[name] !== undefined) return pseudo[name];
    const value = parameter(name);
    if (value !== undefined) return value;
    if (at(template, 'Resources', name) !== undefined || isGenerated(name)) return `<${name}>`;
    throw new Error(`Ref to ${name}, which does not exist`);
  };

  // SAM makes the event source mapping under the id of the function followed by the id of the event.
  const isGenerated = (name: string): boolean =>
    entries(at(template, 'Resources')).some(([id, resource]) =>
      entries(at(resource, 'Properties', 'Events')).some(([event]) => name === id + event),
    );

  const holds = (condition: string): boolean => {
    const value = at(template, 'Conditions', condition);
    if (value === undefined) throw new Error(`no condition ${condition}`);
    return evaluate(value) === true;
  };

  const substitute = (argument: Value | undefined): string => {
    const [pattern, own] = Array.isArray(argument) ? argument : [argument];
    return text(pattern).replace(/\$\{([^}!]+)\}/g, (_, name: string) => {
      const local = at(own, name);
      if (local !== undefined) return text(evaluate(local));
      return name.includes('.') ? `<${name}>` : text(reference(name));
    });
  };

  const call = (name: string, argument: Value): Value | undefined => {
    const part = (index: number): Value | undefined => evaluate(at(argument, String(index)) ?? null);
    switch (name) {
      case 'Ref':
        return reference(text(argument));
      case 'Fn::Sub':
        return substitute(argument);
      case 'Fn::GetAtt':
        return `<${Array.isArray(argument) ? argument.map(text).join('.') : text(argument)}>`;
      case 'Fn::If':
        return part(holds(text(at(argument, '0'))) ? 1 : 2);
      case 'Fn::Equals':
        return text(part(0)) === text(part(1));
      case 'Fn::Not':
        return part(0) !== true;
      case 'Fn::Join':
        return [evaluate(at(argument, '1') ?? null)]
          .flat()
          .map(text)
          .join(text(part(0)));
      case 'Fn::Split':
        return text(part(1)).split(text(part(0)));
      case 'Fn::Select':
        return at(part(1), text(part(0)));
      default:
        throw new Error(`${name} is not known here`);
    }
  };

  const evaluate = (value: Value): Value | undefined => {
    if (Array.isArray(value)) return value.map(evaluate).filter((element) => element !== undefined);
    if (!isObject(value)) return value;
    const [name, argument] = Object.entries(value)[0] ?? [];
    if (name !== undefined && argument !== undefined && Object.keys(value).length === 1 && /^(Ref$|Fn::)/.test(name)) {
      return call(name, argument);
    }
    return Object.fromEntries(
      Object.entries(value).flatMap(([entry, inner]): [string, Value][] => {
        const worked = evaluate(inner);
        return worked === undefined ? [] : [[entry, worked]];
      }),
    );
  };

  const applies = (part: Value): boolean => {
    const condition = at(part, 'Condition');
    return condition === undefined || holds(text(condition));
  };

  return {
    template,
    resources: entries(at(template, 'Resources'))
      .filter(([, resource]) => applies(resource))
      .map(([id, resource]) => ({
        id,
        type: text(at(resource, 'Type')),
        properties: evaluate(at(resource, 'Properties') ?? {}) ?? {},
        whole: resource,
      })),
    outputs: entries(at(template, 'Outputs')).map(([id, output]) => [
      id,
      evaluate(at(output, 'Value') ?? null) ?? null,
    ]),
  };
};

/** The properties of the resource with this logical id; undefined when it does not exist (or its condition does not hold). */
export const properties = (stack: Stack, id: string): Value | undefined =>
  stack.resources.find((resource) => resource.id === id)?.properties;

export const ofType = (stack: Stack, type: string): Stack['resources'] =>
  stack.resources.filter((resource) => resource.type === type);
