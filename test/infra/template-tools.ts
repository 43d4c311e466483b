/**
 * The two Python tools that judge the template where they are installed: cfn-lint and AWS's own SAM translator. They are
 * no packages of npm or Debian, so a machine without them skips with one visible line, even where other suites must run.
 */
import { spawnSync } from 'node:child_process';
import { plain, type Value } from './template-read.ts';

type Run = { status: number; output: string };

/** Lints a template given as text (on stdin) for the regions given; status 0 means nothing found. */
export const cfnLint = (template: string, regions: string[]): Run => run('cfn-lint', ['-r', ...regions], template);

/** The template file as CloudFormation sees it after the SAM transform. Fails with the translator's own words. */
export const samTransform = (path: string): Value => {
  const script = new URL('transform.py', import.meta.url).pathname;
  const { status, output } = run('python3', [script, path]);
  if (status !== 0) throw new Error(output);
  return plain(JSON.parse(output));
};

/** Whether cfn-lint and samtranslator are here; says so in one line for each that is not. */
export const toolsHere = (): { cfnLint: boolean; samTranslator: boolean } => ({
  cfnLint: isHere('cfn-lint', ['--version'], 'cfn-lint'),
  samTranslator: isHere(
    'python3',
    ['-c', 'import samtranslator'],
    "Python's samtranslator (package aws-sam-translator)",
  ),
});

const isHere = (command: string, words: string[], name: string): boolean => {
  if (run(command, words).status === 0) return true;
  console.log(`Skipped: ${name} is not installed`);
  return false;
};

const run = (command: string, words: string[], input = ''): Run => {
  const { status, stdout, stderr, error } = spawnSync(command, words, {
    input,
    encoding: 'utf8',
    maxBuffer: 16 * 2 ** 20,
    // boto3 wants a region even where nothing is asked of AWS.
    env: { ...process.env, AWS_DEFAULT_REGION: 'us-east-1' },
  });
  if (error) return { status: 127, output: error.message };
  return { status: status ?? 1, output: status === 0 ? stdout : stdout + stderr };
};
