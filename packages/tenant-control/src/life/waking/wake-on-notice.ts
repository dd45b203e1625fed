import { canonicalUuid } from '@tenantry/service';
import type { LifeServices } from '../services.ts';

/** A waking that was asked for and that nobody has taken up. */
interface Asked {
  readonly id: string;
  readonly tenantId: string;
  readonly clusterName: string;
  readonly isDropped: boolean;
}

/**
 * Takes up the waking of tenants as soon as it was asked for: whoever asks tells of a change of the tenant. What is missed is found by
 * whoever looks for sagas that nobody runs. One statement for all tenants that have changed while the last one was made. Disposing of it
 * waits for what is under way.
 */
export function wakeOnNotice({ db, bus, clusters, sagas, backups, logger }: LifeServices): AsyncDisposable {
  const changed = new Set<string>();
  const wakings = new Set<Promise<void>>();
  let looking: Promise<void> | null = null;

  async function look(): Promise<void> {
    try {
      while (changed.size > 0) {
        const tenantIds = [...changed];
        changed.clear();
        for (const asked of await findAsked(tenantIds)) wake(asked);
      }
    } catch (err) {
      logger.warn({ err }, 'which tenants have been asked for could not be found out');
    } finally {
      // No await since the last look at what has changed, so that no change is missed.
      looking = null;
    }
  }

  async function findAsked(tenantIds: readonly string[]): Promise<Asked[]> {
    return await db.$queryRaw<Asked[]>`
      SELECT sagas.id, tenants.id AS "tenantId", cluster_name AS "clusterName", coalesce(hibernation = 'DROPPED', false) AS "isDropped"
      FROM sagas JOIN tenants ON tenants.id = tenant_id
      WHERE tenant_id = ANY(${tenantIds}::uuid[]) AND kind = 'WAKE' AND state = 'RUNNING' AND leased_until IS NULL AND retry_at IS NULL`;
  }

  function wake({ id, tenantId, clusterName, isDropped }: Asked): void {
    const cluster = clusters.get(clusterName);
    // Left to a process that has the backup, and to one that has the cluster.
    if (!cluster || (isDropped && !backups)) return;
    const waking = cluster
      .inTurn(async () => void (await sagas.resume(id)))
      .catch((err: unknown) => logger.warn({ err, tenantId }, 'a tenant that was asked for could not be woken'))
      .finally(() => wakings.delete(waking));
    wakings.add(waking);
  }

  const subscription = bus.subscribe((tenantId) => {
    const id = tenantId === null ? null : canonicalUuid(tenantId);
    if (id === null) return;
    changed.add(id);
    looking ??= look();
  });
  return {
    [Symbol.asyncDispose]: async () => {
      subscription[Symbol.dispose]();
      await looking;
      await Promise.all(wakings);
    },
  };
}
