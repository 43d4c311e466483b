/**
 * The innermost door: `deliver()` in this process over a transport on real sockets.
 */
import { parseConfig } from '../../functions/core/config.ts';
import { deliver } from '../../functions/core/deliver.ts';
import { type DeliveryStatus, statusLine, statusOf } from '../../functions/core/delivery-status.ts';
import { groupServer } from '../../functions/core/groupserver.ts';
import { messageOf } from '../../functions/core/message.ts';
import { siteUrl } from '../../functions/core/site-url.ts';
import type { Post } from '../../functions/core/transport.ts';
import { mboxLineLength } from '../../functions/smtp2gs/mbox-line.ts';
import { type Door, mailOf } from '../run-scenario.ts';
import { configText, groupAddress, type Scenario } from '../scenarios.ts';

/** Makes the door for a transport. */
export function deliverDoor(post: Post): Door {
  return async (scenario, url) => {
    const status = await ended(scenario, url, post);
    return { line: status.code === '2.0.0' ? '' : statusLine(status), exit: status.exit };
  };
}

async function ended(scenario: Scenario, url: string, post: Post): Promise<DeliveryStatus> {
  try {
    const { token, relayPrefix } = parseConfig(scenario.config ?? configText, 'default');
    const mail = mailOf(scenario);
    const { status } = await deliver({
      message: messageOf(mail.subarray(mboxLineLength(mail))),
      envelope: scenario.envelope ?? { recipient: groupAddress },
      groupServer: groupServer({ site: siteUrl(url), token, timeSource: scenario.timeSource ?? 'server', post }),
      relayPrefix,
      maxSize: (scenario.maxSize ?? 200) * 1024 * 1024,
      signal: AbortSignal.timeout((scenario.timeout ?? 60) * 1000),
    });
    return status;
  } catch (error) {
    return statusOf(error);
  }
}
