/** What stops a command: a sentence for the operator, printed as it is. Exit status 1, or 2 for a wrong command line. */

export class Failure extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Failure';
  }
}

/** The command line cannot be carried out. */
export class UsageError extends Failure {
  constructor(message: string) {
    super(message);
    this.name = 'UsageError';
  }
}
