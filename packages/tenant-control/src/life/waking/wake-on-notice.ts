import type { LifeServices } from '../services.ts';

/**
 * Takes up the waking of tenants as soon as it was asked for: whoever asks tells of a change of the tenant. What is missed is found by
 * whoever looks for sagas that nobody runs. Disposing of it waits for what is under way.
 */
export function wakeOnNotice({ db, bus, clusters, sagas, backups, logger }: LifeServices): AsyncDisposable {
  const wakings = new Set<Promise<void>>();

  async function wake(tenantId: string): Promise<void> {
    const saga = await db.saga.findFirst({
      where: { tenantId, kind: 'WAKE', state: 'RUNNING', leasedUntil: null, retryAt: null },
      select: { id: true },
    });
    if (!saga) return;
    const where = { id: tenantId };
    const { clusterName, hibernation } = await db.tenant.findUniqueOrThrow({ where, select: { clusterName: true, hibernation: true } });
    // Left to a process that has the backup.
    if (hibernation === 'DROPPED' && !backups) return;
    await clusters.get(clusterName)?.inTurn(async () => await sagas.resume(saga.id));
  }

  const subscription = bus.subscribe((tenantId) => {
    if (tenantId === null) return;
    const waking = wake(tenantId)
      .catch((err: unknown) => logger.warn({ err, tenantId }, 'a tenant that was asked for could not be woken'))
      .finally(() => wakings.delete(waking));
    wakings.add(waking);
  });
  return {
    [Symbol.asyncDispose]: async () => {
      subscription[Symbol.dispose]();
      await Promise.all(wakings);
    },
  };
}
