/** `npm run pause`: no delivery is begun any more; mail waits in the queue. For maintenance of GroupServer. */
import { runCommand } from './command.ts';
import { switchDelivery } from './switch-delivery.ts';

await runCommand({
  name: 'pause',
  text: `Stops deliveries, and waits until they are stopped; what is under way is finished.
Mail that comes in waits in the queue, for 4 days at most.`,
  options: [],
  isChange: true,
  run: (context) => switchDelivery(false, context),
});
