import { withConnection } from '../postgres/connection.ts';
import type { BackupServices } from './services.ts';
import { unlessWritten } from './writers-lock.ts';

type Services = Pick<BackupServices, 'db' | 'store' | 'controlDatabaseUrl' | 'logger'>;

const causeOfDeath = 'The process that wrote it has died.';

/** A backup whose row says that it is being written. */
export interface RunningBackup {
  readonly id: string;
  readonly tenantId: string;
  readonly key: string;
}

/**
 * Finds backups whose process has died, removes what there is of their files, and has them FAILED. What cannot be done is logged, and left
 * for the next time.
 *
 * @param tenantId of one tenant only
 * @returns their ids
 */
export async function settleAbandoned(services: Services, tenantId?: string): Promise<string[]> {
  const running = await findRunning(services, tenantId);
  const settled: string[] = [];
  if (running.length === 0) return settled;
  await withConnection(services.controlDatabaseUrl, async (client) => {
    for (const backup of running) {
      try {
        if (await unlessWritten(client, backup.id, async () => await giveUp(backup, services))) settled.push(backup.id);
      } catch (err) {
        services.logger.warn({ err, backup: backup.id }, 'what a process that died has left of a backup could not be removed');
      }
    }
  });
  return settled;
}

/** Those in other stores are for others to settle. */
async function findRunning({ db, store }: Services, tenantId: string | undefined): Promise<RunningBackup[]> {
  return await db.backup.findMany({
    where: { state: 'RUNNING', store: store.name, ...(tenantId !== undefined && { tenantId }) },
    select: { id: true, tenantId: true, key: true },
  });
}

/** One that has ended well in the meantime stays; from when it has an error, it does not end well any more. */
async function giveUp({ id, key }: RunningBackup, { db, store }: Services): Promise<void> {
  const count = await db.$executeRaw`
    UPDATE backups SET error = coalesce(error, ${causeOfDeath}) WHERE id = ${id}::uuid AND state = 'RUNNING'`;
  if (count === 0) return;
  await store.remove(key);
  await db.$executeRaw`UPDATE backups SET state = 'FAILED', finished_at = now() WHERE id = ${id}::uuid AND state = 'RUNNING'`;
}
