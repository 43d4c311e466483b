/** Reads a point in time as an operator writes it. */
import { UsageError } from './failure.ts';

/** Milliseconds. */
const units = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Reads `2026-11-22T08:00Z` (without a zone: local time), `2026-11-22` (midnight, local), or `90m`, `2h`, `3d` ago. */
export function pointInTime(text: string, now: number = Date.now()): Date {
  const [, count, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (count !== undefined && (unit === 'm' || unit === 'h' || unit === 'd'))
    return new Date(now - Number(count) * units[unit]);
  const time = /^\d{4}-\d{2}-\d{2}([T ].+)?$/.test(text)
    ? Date.parse(text.length === 10 ? `${text}T00:00` : text)
    : Number.NaN;
  if (Number.isNaN(time))
    throw new UsageError(`"${text}" is no time; write 2026-11-22T08:00Z, or 90m, 2h, 3d for so long ago`);
  return new Date(time);
}
