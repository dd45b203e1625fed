import { formatBytes } from '../output/bytes.ts';
import type { Session } from '../session.ts';

/** What a tenant's database took up when a worker last looked, and how much more that was than about a week before. */
export type TenantSize = Readonly<{ at: string; databaseBytes: number; grownBytes: number | null }>;

const growthMs = 7 * 86_400_000;

/** Samples that are kept of a week, with some to spare. */
const samplesOfAWeek = 200;

/** @returns null when no worker has looked yet */
export async function readSize(session: Session, tenantId: string): Promise<TenantSize | null> {
  const samples = await session.catalog().listUsageSamples([tenantId], { limit: samplesOfAWeek });
  const last = samples.at(-1);
  if (!last) return null;
  const before = samples.findLast(({ at }) => last.at.getTime() - at.getTime() >= growthMs);
  const { at, databaseBytes } = last;
  return { at: at.toISOString(), databaseBytes, grownBytes: before ? databaseBytes - before.databaseBytes : null };
}

/** `12.3 MB (+0.4 MB in a week)`. */
export function describeSize({ databaseBytes, grownBytes }: TenantSize): string {
  const growth = grownBytes === null ? '' : ` (${grownBytes < 0 ? '-' : '+'}${formatBytes(Math.abs(grownBytes))} in a week)`;
  return `${formatBytes(databaseBytes)}${growth}`;
}
