/**
 * What a check of `smtp2gs doctor` found. Only `failed` makes the whole fail.
 */

export interface Finding {
  /** What was checked. */
  readonly check: string;
  readonly status: 'ok' | 'warning' | 'failed' | 'skipped';
  readonly text: string;
  /** What to do; with each warning and failure. */
  readonly remedy?: string;
}

export function ok(check: string, text: string): Finding {
  return { check, status: 'ok', text };
}

export function warning(check: string, text: string, remedy: string): Finding {
  return { check, status: 'warning', text, remedy };
}

export function failed(check: string, text: string, remedy: string): Finding {
  return { check, status: 'failed', text, remedy };
}

export function skipped(check: string, why: string): Finding {
  return { check, status: 'skipped', text: why };
}
