/**
 * Faults to order: makes the next call, or every call, of an emulated service fail, dawdle or lose its answer.
 * Chaos tests use the codes that AWS sends, for example
 *   s3 GetObject        NoSuchKey 404 · SlowDown 503 · InternalError 500 · { delayMs } · { cutAfter: 1000 }
 *   dynamodb            ProvisionedThroughputExceededException 400 · { cutAfter: 0 }: done, but nobody hears of it
 *   ses SendBounce      Throttling 400 · MessageRejected 400      sqs   ServiceUnavailable 503
 */
export type ServiceName =
  | 's3'
  | 'sns'
  | 'sqs'
  | 'dynamodb'
  | 'ssm'
  | 'secretsmanager'
  | 'ses'
  | 'lambda'
  | 'cloudformation';

export interface Fault {
  /** Only this operation, for example `GetObject`; every operation when left out. */
  operation?: string;
  /** The service's error code. Without it the call is served after the delay. */
  code?: string;
  /** HTTP status of the error, 400 when left out. */
  status?: number;
  message?: string;
  /** Wait so long before anything else. */
  delayMs?: number;
  /** Serve the call, but close the connection after so many bytes of the answer's body; 0 loses the whole answer. */
  cutAfter?: number;
}

export interface Faults {
  /** Applies the fault to the next `times` calls (1). */
  next(service: ServiceName, fault: Fault, times?: number): void;
  /** Applies the fault to every call until the returned function is called. */
  always(service: ServiceName, fault: Fault): () => void;
  /** Takes all faults away. */
  clear(): void;
  /** The fault that this call meets; used by the endpoint itself. */
  take(service: string, operation: string): Fault | undefined;
}

/** An empty list of faults; the oldest one that fits a call is the one it meets. */
export function createFaults(): Faults {
  const entries = new Set<{ service: string; fault: Fault; left: number }>();
  const add = (service: string, fault: Fault, left: number) => {
    const entry = { service, fault, left };
    entries.add(entry);
    return () => void entries.delete(entry);
  };
  return {
    next: (service, fault, times = 1) => void add(service, fault, times),
    always: (service, fault) => add(service, fault, Number.POSITIVE_INFINITY),
    clear: () => entries.clear(),
    take: (service, operation) => {
      for (const entry of entries) {
        if (entry.service !== service || (entry.fault.operation ?? operation) !== operation) continue;
        entry.left -= 1;
        if (entry.left <= 0) entries.delete(entry);
        return entry.fault;
      }
      return undefined;
    },
  };
}
