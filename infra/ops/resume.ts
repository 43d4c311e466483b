/** `npm run resume`: deliveries go on. */
import { runCommand } from './command.ts';
import { switchDelivery } from './switch-delivery.ts';

await runCommand({
  name: 'resume',
  text: 'Begins deliveries again after "npm run pause", and waits until they are running.',
  options: [],
  isChange: true,
  run: (context) => switchDelivery(true, context),
});
