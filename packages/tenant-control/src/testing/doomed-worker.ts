/** A process that is asked to change something and is killed on its way: what {@link meetDoom} runs. */
import { flushCompileCache } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { openFolderStore } from '../backups/stores/folder-store.ts';
import { openCatalog } from '../catalog/catalog.ts';
import { createTenantControl, type TenantControl } from '../tenant-control.ts';
import { parseDoom, type DoomedCall, type SagaPoint } from './doom.ts';
import type { BackupStore } from '../backups/stores/backup-store.ts';
import { runSql } from './installation.ts';

// Who is killed does not come to it in the end.
flushCompileCache();

const { controlDatabaseUrl, clusters, keys, call, store: folder, fail, kill, afterMs } = parseDoom(process.argv[2]);

function die(): void {
  process.kill(process.pid, 'SIGKILL');
}

await using catalog = openCatalog({ controlDatabaseUrl, logger: silentLogger });
await using control = await createTenantControl({
  catalog,
  controlDatabaseUrl,
  clusters,
  keyRing: new Map(keys.map(([id, key]) => [id, Buffer.from(key, 'base64')])),
  bus: { publish: async () => {}, subscribe: () => ({ [Symbol.dispose]: () => {} }) },
  logger: silentLogger,
  keepsHouse: false,
  store: folder === undefined ? undefined : doomedStore(openFolderStore(folder)),
  rotation: { quietMs: 100, graceMs: 2000 },
  moves: { drainMs: 500 },
  reachFaultPoint: async ({ step, direction, at }) => {
    const isAt = (point: SagaPoint | null) => point?.step === step && point.direction === direction && point.at === at;
    if ('step' in kill && isAt(kill)) {
      if (afterMs === null) die();
      else void sleep(afterMs).then(die);
    }
    if (isAt(fail)) throw new Error('a failure on purpose');
  },
});
// A failure on purpose is undone, unless the process dies of it.
await perform(control, call).catch(() => {});
await untilNoSagaIsRun();
// What was to be in flight may have been done faster.
if (afterMs !== null) await sleep(afterMs);

async function perform(on: TenantControl, asked: DoomedCall): Promise<unknown> {
  switch (asked.method) {
    case 'provisionTenant':
      return await on.provisionTenant(asked.input, asked.options);
    case 'hibernateTenant':
      return await on.hibernateTenant(asked.id, asked.actor, asked.options);
    case 'wakeTenant':
      return await on.wakeTenant(asked.id, asked.actor);
    case 'purgeTenant':
      return await on.purgeTenant(asked.id, asked.actor);
    case 'eraseTenant':
      return await on.eraseTenant(asked.id, asked.actor, asked.options);
    case 'rotateCredentials':
      return await on.rotateCredentials(asked.id, asked.actor, asked.options);
    case 'backUpTenant':
      return await on.backUpTenant(asked.id, asked.actor);
    case 'verifyBackup':
      return await on.verifyBackup(asked.id, asked.actor);
    case 'restoreBackup':
      return await on.restoreBackup(asked.id, asked.actor, asked.options);
    case 'moveTenant':
      return await on.moveTenant(asked.id, asked.input, asked.actor);
    case 'confirmMove':
      return await on.confirmMove(asked.id, asked.actor);
    case 'revertMove':
      return await on.revertMove(asked.id, asked.actor);
    default:
      throw new Error(`There is no way to ask for ${JSON.stringify(asked satisfies never)}.`);
  }
}

/** A store over which the process dies, if it is to. */
function doomedStore(store: BackupStore): BackupStore {
  const done = { put: 0, get: 0 };
  const count = (deed: 'put' | 'get') => {
    done[deed] += 1;
    if ('deed' in kill && kill.deed === deed && kill.nth === done[deed]) die();
  };
  return {
    ...store,
    put: async (...file) => (count('put'), await store.put(...file)),
    get: async (...file) => (count('get'), await store.get(...file)),
  };
}

/** What was asked for may go on after it was answered. */
async function untilNoSagaIsRun(): Promise<void> {
  while ((await runSql(controlDatabaseUrl, 'SELECT FROM sagas WHERE leased_until > now()')).length > 0) await sleep(50);
}
