/**
 * The import rules: imports go one way, and every rule of .oxlintrc.json that says so is broken on purpose once, in
 * files of a temporary folder. What the linter cannot say is read from the sources themselves.
 */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = new URL('../..', import.meta.url).pathname;

/** What every folder has one of, to be imported. */
const targets = ['functions/core', 'functions/smtp2gs', 'functions/ses2gs', 'infra/local', 'infra/ops', 'test'];

const words = (text: string) => text.trim().split(/\s+/);

/** What no file in a folder may import. */
const forbidden: Record<string, readonly string[]> = {
  'functions/core': words(`
    node:fs node:fs/promises fs node:process process node:child_process node:net node:tls
    node:http http node:https https undici mailparser
    @aws-sdk/client-s3 @aws-lambda-powertools/logger @middy/core
    ../smtp2gs/target.ts ../ses2gs/target.ts
    ../../infra/local/target.ts ../../infra/ops/target.ts ../../test/target.ts`),
  'functions/smtp2gs': words(`
    ../ses2gs/target.ts ../../infra/local/target.ts ../../infra/ops/target.ts ../../test/target.ts
    @aws-sdk/client-s3 @aws-lambda-powertools/logger @middy/core undici`),
  'functions/ses2gs': words(`
    ../smtp2gs/target.ts ../../infra/local/target.ts ../../infra/ops/target.ts ../../test/target.ts`),
  'infra/local': words('../../functions/smtp2gs/target.ts ../../functions/ses2gs/target.ts ../../test/target.ts'),
  'infra/ops': words('../../functions/smtp2gs/target.ts ../../functions/ses2gs/target.ts ../../test/target.ts'),
};

/** What may be imported, so that it is the rules that refuse the others. */
const allowed: Record<string, readonly string[]> = {
  'functions/core': ['./target.ts'],
  'functions/smtp2gs': ['./target.ts', '../core/target.ts', 'node:fs', 'node:http'],
  'functions/ses2gs': ['./target.ts', '../core/target.ts', '@aws-sdk/client-s3', 'undici'],
  'infra/local': ['./target.ts', 'mailparser'],
  'infra/ops': ['./target.ts', '../../functions/core/target.ts'],
  test: ['../functions/core/target.ts', '../functions/smtp2gs/target.ts', '../infra/local/target.ts'],
};

interface Case {
  readonly what: string;
  readonly path: string;
  readonly text: string;
  /** The rule that refuses it; none where it is allowed. */
  readonly rule?: 'no-restricted-imports' | 'no-restricted-globals';
}

const importing = (lists: Record<string, readonly string[]>, kind: string) =>
  Object.entries(lists).flatMap(([folder, paths]) =>
    paths.map((path, index) => ({
      what: `${folder} imports ${path}`,
      path: `${folder}/${kind}-${index}.ts`,
      text: `import * as imported from '${path}';\nexport const other = imported;\n`,
    })),
  );

const violations: readonly Case[] = [
  ...importing(forbidden, 'forbidden').map((each) => ({ ...each, rule: 'no-restricted-imports' as const })),
  {
    what: 'core imports node:fs while it runs',
    path: 'functions/core/dynamic.ts',
    text: "export const fs = await import('node:fs');\n",
    rule: 'no-restricted-imports',
  },
  {
    what: 'core hands node:fs on',
    path: 'functions/core/re-export.ts',
    text: "export { readFileSync } from 'node:fs';\n",
    rule: 'no-restricted-imports',
  },
  {
    what: 'core imports a type of a door',
    path: 'functions/core/type.ts',
    text: "import type { thing } from '../smtp2gs/target.ts';\nexport type Thing = typeof thing;\n",
    rule: 'no-restricted-imports',
  },
  {
    what: 'core uses process',
    path: 'functions/core/process.ts',
    text: "export const path = () => process.env['PATH'];\n",
    rule: 'no-restricted-globals',
  },
  {
    what: 'core uses console',
    path: 'functions/core/console.ts',
    text: "export const say = () => console.log('x');\n",
    rule: 'no-restricted-globals',
  },
];

const clean: readonly Case[] = importing(allowed, 'allowed');

const cycle = ['functions/core/cycle-1.ts', 'functions/core/cycle-2.ts'];

let folder: string;
/** The rules that each file was refused by. */
let refusals: Map<string, string[]>;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'import-rules-'));
  for (const name of ['.oxlintrc.json', 'tsconfig.json']) cpSync(join(root, name), join(folder, name));
  // The linter looks for its part that knows types in here.
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
  const write = (path: string, text: string) => {
    mkdirSync(join(folder, dirname(path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const each of targets) write(join(each, 'target.ts'), 'export const thing = 1;\n');
  for (const { path, text } of [...violations, ...clean]) write(path, text);
  write('functions/core/cycle-1.ts', "import { two } from './cycle-2.ts';\nexport const one = (): number => two();\n");
  write('functions/core/cycle-2.ts', "import { one } from './cycle-1.ts';\nexport const two = (): number => one();\n");
  refusals = await lint(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function lint(where: string): Promise<Map<string, string[]>> {
  const program = join(root, 'node_modules/oxlint/bin/oxlint');
  const options = ['--deny-warnings', '--format=json', 'functions', 'infra', 'test'];
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [program, ...options], { cwd: where, maxBuffer: 2 ** 24 }, (_error, stdout) =>
      resolve(stdout),
    );
  });
  const report: unknown = JSON.parse(output);
  const found = new Map<string, string[]>();
  for (const { filename, code } of diagnosticsOf(report)) found.set(filename, [...(found.get(filename) ?? []), code]);
  return found;
}

function diagnosticsOf(report: unknown): { filename: string; code: string }[] {
  if (typeof report !== 'object' || report === null || !('diagnostics' in report)) throw new Error('No report came');
  if (!Array.isArray(report.diagnostics)) throw new Error('No list of diagnostics came');
  return report.diagnostics.map((each: { filename?: unknown; code?: unknown }) => ({
    filename: String(each.filename),
    code: String(each.code),
  }));
}

describe('the linter refuses that', () => {
  it.each(violations)('$what', ({ path, rule }) => {
    expect(refusals.get(path)).toContainEqual(expect.stringContaining(`(${rule})`));
  });

  it.each(cycle)('%s is part of a cycle', (path) => {
    expect(refusals.get(path)).toEqual(['import(no-cycle)']);
  });
});

describe('the linter has nothing against it that', () => {
  it.each(clean)('$what', ({ path }) => {
    expect(refusals.get(path)).toBeUndefined();
  });

  it('anything is there to be imported', () => {
    for (const each of targets) expect(refusals.get(join(each, 'target.ts'))).toBeUndefined();
  });
});

// A list of what is forbidden always has a hole; this is the list of what is allowed.
describe('core', () => {
  const names = readdirSync(join(root, 'functions/core')).filter((name) => name.endsWith('.ts'));
  const source = (name: string) => readFileSync(join(root, 'functions/core', name), 'utf8');
  const importsOf = (text: string) =>
    [...text.matchAll(/(?:\bfrom\s|\bimport\s|\bimport\()\s*['"`]([^'"`]*)['"`]/g)].map(([, path]) => path);

  it.each(names)('%s imports files of its own folder only', (name) => {
    for (const path of importsOf(source(name))) expect(path).toMatch(/^\.\/[a-z0-9-]+\.ts$/);
  });

  it.each(names)('%s takes nothing of the world from globals', (name) => {
    const code = source(name).replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
    expect(code).not.toMatch(/\b(?:globalThis|process|console|fetch|setTimeout|setInterval|Date\.now|performance)\b/);
  });

  it('is read by a pattern that knows every way to import', () => {
    const text = `import 'a';\nimport x from "b";\nexport * from 'c';\nawait import('d');\nimport {\n  y,\n} from 'e';\n`;
    expect(importsOf(text)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });
});

describe('infra/local', () => {
  const names = readdirSync(join(root, 'infra/local'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    /\.m?[jt]s$/.test(name),
  );

  it('imports types of core at most', () => {
    const importing = names.filter((name) =>
      /^import (?!type\b)[^;]*functions\/core/m.test(readFileSync(join(root, 'infra/local', name), 'utf8')),
    );
    expect(importing).toEqual([]);
  });
});
