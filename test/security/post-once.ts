/**
 * One delivery over the transport of the Lambda, in a process of its own, whose memory can be measured: prints the
 * status. Arguments: the URL, the deadline in seconds, and `--list=GROUP` or `--recipient=ADDRESS`.
 */
import { deliver } from '../../functions/core/deliver.ts';
import { statusLine } from '../../functions/core/delivery-status.ts';
import { groupServer } from '../../functions/core/groupserver.ts';
import { messageOf } from '../../functions/core/message.ts';
import { undiciTransport } from '../../functions/ses2gs/undici-transport.ts';

const [url = '', seconds = '3', whom = ''] = process.argv.slice(2);
const [name, value = ''] = whom.split('=');
const { status } = await deliver({
  message: messageOf(Buffer.from('Subject: Tea\n\nIs there any tea?\n')),
  envelope: name === '--list' ? { list: value } : { recipient: value },
  groupServer: groupServer({
    site: new URL(url),
    token: 'theValueOfTheToken',
    timeSource: 'server',
    post: undiciTransport(),
  }),
  relayPrefix: 'p-',
  maxSize: 1024 * 1024,
  signal: AbortSignal.timeout(Number(seconds) * 1000),
});
process.stderr.write(statusLine(status), () => process.exit(status.exit));
