/**
 * Reads the text of a `gsconfig.ini`: which token and relay prefix belong to an instance. Its grammar is that of
 * Python's ConfigParser, as far as 3.x used it (spec/groupserver.md section 4). It does not know where the text came
 * from. Whatever is wrong is `config-invalid`, with what to mend; the token is never quoted.
 */
import { DeliveryFailure } from './delivery-status.ts';

export interface Config {
  readonly token: string;
  /** What an address of a member begins with. */
  readonly relayPrefix: string;
}

type Sections = Map<string, Map<string, string>>;

const defaultRelayPrefix = 'p-';

/** Finds the settings of one instance: `[config-NAME]` names the sections, or `[webservice-NAME]` stands alone. */
export function parseConfig(text: string, instance: string): Config {
  const sections = parseSections(text);
  const set = sections.get(`config-${instance}`);
  const webservice = set ? set.get('webservice') : instance;
  if (webservice === undefined) throw invalid(`[config-${instance}] has no key "webservice"`);
  const service = sections.get(`webservice-${webservice}`);
  if (!service) {
    if (!set) throw invalid(`no section [config-${instance}] or [webservice-${instance}]`);
    // Only a name is quoted: an indented section is part of this value, token and all.
    throw invalid(
      /^[\w.@-]+$/.test(webservice)
        ? `no section [webservice-${webservice}]`
        : `webservice in [config-${instance}] is not the name of a section; is what follows indented?`,
    );
  }
  return { token: tokenOf(service, webservice), relayPrefix: relayPrefixOf(sections, set?.get('smtp')) };
}

function tokenOf(service: Map<string, string>, name: string): string {
  const token = service.get('token');
  if (!token) throw invalid(`[webservice-${name}] has no token`);
  if (!/^[\x20-\x7e]+$/.test(token)) throw invalid(`the token in [webservice-${name}] is not one line of ASCII`);
  return token;
}

function relayPrefixOf(sections: Sections, smtp: string | undefined): string {
  const section = smtp === undefined ? undefined : sections.get(`smtp-${smtp}`);
  const prefix = section?.get('relay-address-prefix') ?? defaultRelayPrefix;
  if (prefix === '') throw invalid('relay-address-prefix is empty: every mail would be relayed');
  return prefix;
}

/** Reads sections and their keys; the keys of `[DEFAULT]` stand in every section. */
function parseSections(text: string): Sections {
  const sections: Sections = new Map();
  const defaults = new Map<string, string>();
  let section: Map<string, string> | undefined;
  let key: string | undefined;
  for (const [index, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\r|\n/)
    .entries()) {
    if (/^\s*$|^\s*[#;]/.test(line)) continue;
    if (/^\s/.test(line) && section && key !== undefined) {
      section.set(key, `${section.get(key)}\n${textOf(line)}`.trim());
      continue;
    }
    const name = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (name !== undefined) {
      section = name === 'DEFAULT' ? defaults : (sections.get(name) ?? new Map<string, string>());
      if (section !== defaults) sections.set(name, section);
      key = undefined;
      continue;
    }
    const option = /^([^:=\s][^:=]*)[:=](.*)$/s.exec(line.trim());
    if (!section || !option?.[1]) throw invalid(`line ${index + 1} is neither [section] nor "key = value"`);
    key = option[1].trim().toLowerCase();
    section.set(key, textOf(option[2] ?? ''));
  }
  for (const own of sections.values()) {
    for (const [name, value] of defaults) if (!own.has(name)) own.set(name, value);
  }
  return sections;
}

/** ` ;` begins a comment, as on Python 2; `#` does not. `%%` stands for `%`. */
function textOf(text: string): string {
  return text
    .replace(/\s;.*$/s, '')
    .trim()
    .replaceAll('%%', '%');
}

function invalid(detail: string): DeliveryFailure {
  return new DeliveryFailure('config-invalid', detail);
}
