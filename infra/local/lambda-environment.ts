/** The environment that Lambda gives to a function's process; nothing of the caller's own gets in but PATH. */
import { account, region } from './aws.ts';
import type { LambdaOptions } from './lambda-process.ts';

// By NODE_OPTIONS, so that it reaches the handler under any runtime client.
const preload = new URL('clock-preload.mjs', import.meta.url).href;

/** The variables of one process; `api` is the host and port of its Runtime API. */
export function lambdaEnvironment(options: LambdaOptions, api: string): Record<string, string> {
  const { functionName, memoryMiB, clockFile } = options;
  const given = options.environment.NODE_OPTIONS ?? '';
  return {
    PATH: process.env.PATH ?? '',
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    AWS_LAMBDA_RUNTIME_API: api,
    _HANDLER: options.handler,
    LAMBDA_TASK_ROOT: options.taskRoot,
    LAMBDA_RUNTIME_DIR: '/var/runtime',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
    AWS_LAMBDA_FUNCTION_NAME: functionName,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memoryMiB),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_FORMAT: 'JSON',
    AWS_LAMBDA_LOG_LEVEL: 'INFO',
    AWS_LAMBDA_LOG_GROUP_NAME: `/smtp2gs/${functionName}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    AWS_ACCOUNT_ID: account,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    ...options.environment,
    ...(clockFile !== undefined && { LOCAL_STACK_CLOCK: clockFile, NODE_OPTIONS: `${given} --import ${preload}` }),
  };
}
