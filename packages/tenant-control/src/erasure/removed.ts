import { BackupFormat, BackupReason } from '@tenantry/prisma/control';
import { z } from 'zod';
import type { TenantWork } from '../life/tenant-work.ts';

const onCluster = z.object({ cluster: z.string(), name: z.string() });
const count = z.int().nonnegative();

const removedBackup = z.object({
  id: z.string(),
  store: z.string(),
  key: z.string(),
  format: z.enum(BackupFormat),
  reason: z.enum(BackupReason),
  startedAt: z.string(),
  /** In the store; null for one that was never finished. */
  bytes: count.nullable(),
  /** SHA-256 of its manifest; null for one that was never finished. */
  checksum: z.string().nullable(),
});

const removedExport = z.object({ store: z.string(), key: z.string(), files: count, bytes: count });

/** What a purge or an erasure has found and removed. It says nothing of whose it was but the tenant's id. */
export const removedSchema = z.object({
  databases: z.array(onCluster).default([]),
  roles: z.array(onCluster).default([]),
  backups: z.array(removedBackup).default([]),
  exports: z.array(removedExport).default([]),
  /** Rows of the control database. */
  usageSamples: count.default(0),
  idempotencyKeys: count.default(0),
});

export type Removed = z.output<typeof removedSchema>;

/** An export that was written to a store which the installation has no more. */
const exportElsewhere = z.object({ store: z.string(), key: z.string() });

export type ExportElsewhere = z.output<typeof exportElsewhere>;

const facts = z.object({ removed: removedSchema.prefault({}), exportsElsewhere: z.array(exportElsewhere).default([]) });

/** What the saga's steps have found until now. */
export function removedBy({ saga }: Pick<TenantWork, 'saga'>): Removed {
  return facts.parse(saga.data).removed;
}

/** What they could not remove. */
export function exportsLeftBy({ saga }: Pick<TenantWork, 'saga'>): ExportElsewhere[] {
  return facts.parse(saga.data).exportsElsewhere;
}

/** Keeps what is about to be removed. To be called before it is: whoever takes over finds the rest of it only. */
export async function noteRemoval(work: TenantWork, found: Partial<Removed>): Promise<void> {
  const before = removedBy(work);
  const removed: Removed = {
    databases: union(before.databases, found.databases, nameOnCluster),
    roles: union(before.roles, found.roles, nameOnCluster),
    backups: union(before.backups, found.backups, ({ id }) => id),
    exports: union(before.exports, found.exports, ({ store, key }) => `${store} ${key}`),
    usageSamples: Math.max(before.usageSamples, found.usageSamples ?? 0),
    idempotencyKeys: Math.max(before.idempotencyKeys, found.idempotencyKeys ?? 0),
  };
  await work.saga.remember({ removed });
}

/** What was found first is told as it was then: later, a part of it may be gone. */
function union<One>(before: readonly One[], found: readonly One[] = [], identityOf: (one: One) => string): One[] {
  const known = new Set(before.map(identityOf));
  return [...before, ...found.filter((one) => !known.has(identityOf(one)))];
}

function nameOnCluster({ cluster, name }: z.output<typeof onCluster>): string {
  return `${cluster} ${name}`;
}
