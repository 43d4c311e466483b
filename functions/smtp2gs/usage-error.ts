/**
 * A mistake on the command line: `config-invalid` for a mail system, which keeps the mail, and exit status 64 for a
 * person at a terminal.
 */
import { DeliveryFailure } from '../core/delivery-status.ts';

export class UsageError extends DeliveryFailure {
  constructor(detail: string) {
    super('config-invalid', detail);
    this.name = 'UsageError';
  }
}
