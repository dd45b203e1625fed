import { InvalidArgumentError } from 'commander';
import { z } from 'zod';

const isoInstant = z.union([z.iso.datetime({ offset: true }), z.iso.date()]);

const unitMs: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** How help says what {@link parseTime} takes. */
export const timeForms = 'such as 2026-11-23, 2026-11-23T10:30:00Z, or 90m, 24h, 7d ago';

/** An instant: ISO 8601 (a day begins in UTC), or so long ago. */
export function parseTime(text: string): Date {
  const [, amount, unit = ''] = /^(\d{1,6})([mhd])$/.exec(text) ?? [];
  if (amount !== undefined) return new Date(Date.now() - Number(amount) * (unitMs[unit] ?? 0));
  if (!isoInstant.safeParse(text).success) throw new InvalidArgumentError(`It must be a time ${timeForms}.`);
  return new Date(text);
}
