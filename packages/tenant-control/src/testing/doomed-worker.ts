/** A process that is asked to change something and is killed on its way: what {@link meetDoom} runs. */
import { setTimeout as sleep } from 'node:timers/promises';
import { silentLogger } from '@tenantry/service';
import { openCatalog } from '../catalog/catalog.ts';
import { createTenantControl } from '../tenant-control.ts';
import { parseDoom, type SagaPoint } from './doom.ts';

const { controlDatabaseUrl, clusters, keys, call, fail, kill, afterMs } = parseDoom(process.argv[2]);

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
  reachFaultPoint: async ({ step, direction, at }) => {
    const isAt = (point: SagaPoint | null) => point?.step === step && point.direction === direction && point.at === at;
    if (isAt(kill)) {
      if (afterMs === null) die();
      else void sleep(afterMs).then(die);
    }
    if (isAt(fail)) throw new Error('a failure on purpose');
  },
});
// A failure on purpose is undone, unless the process dies of it.
await control.provisionTenant(call.input, call.options).catch(() => {});
// What was to be in flight may have been done faster.
if (afterMs !== null) await sleep(afterMs);
