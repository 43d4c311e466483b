/** All that is fuzzed. */
import type { Target } from './target.ts';
import { config } from './targets/config.ts';
import { formAnswer } from './targets/form-answer.ts';
import { header } from './targets/header.ts';
import { lmtp } from './targets/lmtp.ts';
import { lookUp } from './targets/look-up.ts';
import { multipartBody } from './targets/multipart.ts';
import { notification } from './targets/notification.ts';
import { recipient } from './targets/recipient.ts';
import { redirect } from './targets/redirect.ts';

export const targets: readonly Target[] = [
  header,
  recipient,
  config,
  lookUp,
  formAnswer,
  redirect,
  notification,
  multipartBody,
  lmtp,
];
