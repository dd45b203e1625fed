import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unseal } from '@tenantry/service';
import type { BackupStore } from '../../backups/stores/backup-store.ts';
import { openFolderStore } from '../../backups/stores/folder-store.ts';
import { databaseUrl } from '../../postgres/connection.ts';
import { meetDoom, type Doom, type DoomedCall, type SagaPoint } from '../../testing/doom.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation } from '../../testing/installation.ts';

/** Where a process is killed, and where it fails before. */
export type Fate = Pick<Doom, 'kill'> & Partial<Pick<Doom, 'fail' | 'afterMs'>>;

/** Tenants that processes are killed over, each with something of its own in its database. */
export interface DoomedTenants extends AsyncDisposable {
  readonly installation: Installation;
  readonly store: BackupStore;
  /** @returns the tenant's id */
  provision(): Promise<string>;
  /** Has a process do something and be killed over it. @returns false when it ended before it got there */
  kill(call: DoomedCall, fate: Fate): Promise<boolean>;
  /** What another process does once nothing has been heard of the first one for long enough. @returns ids of sagas that have not ended then */
  takeOver(): Promise<string[]>;
  /** Runs as the tenant. */
  run(id: string, sql: string): Promise<unknown>;
  /** What the tenant has of its own, read as the tenant. */
  content(id: string): Promise<unknown>;
}

export const content = [{ locale: 'de-CH', users: 10 }];

export async function openDoomedTenants(serverUrl: string): Promise<DoomedTenants> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-doomed-'));
  cleanup.defer(async () => await rm(folder, { recursive: true }));
  const store = openFolderStore(folder);
  const installation = cleanup.use(await openInstallation({ serverUrl, store }));
  const { control, catalog, controlDatabaseUrl, keyRing } = installation;

  async function asTenant(id: string, sql: string): Promise<unknown> {
    const placement = await catalog.findPlacement(id);
    if (!placement) throw new Error(`no tenant ${id}`);
    const password = unseal(placement.sealedPassword, id, keyRing);
    return await runSql(databaseUrl(serverUrl, placement.database, { user: placement.role, password }), sql);
  }

  const opened = cleanup.move();
  return {
    installation,
    store,
    provision: async () => {
      const { id } = await control.provisionTenant({ slug: uniqueName('t').replace('_', '-'), name: 'Acme' }, { actor: operator });
      await asTenant(id, filling);
      return id;
    },
    kill: async (call, fate) =>
      await meetDoom({
        controlDatabaseUrl,
        clusters: [{ name: 'standard', adminUrl: serverUrl }],
        keys: [...keyRing].map(([key, bytes]) => [key, bytes.toString('base64')]),
        store: folder,
        call,
        fail: null,
        afterMs: null,
        ...fate,
      }),
    takeOver: async () => {
      await installation.query("UPDATE sagas SET leased_until = now() - interval '1 s' WHERE leased_until IS NOT NULL");
      await control.resumeSagas();
      return (await installation.query<{ id: string }>(`SELECT id FROM sagas WHERE state IN ('RUNNING', 'UNDOING')`)).map(({ id }) => id);
    },
    run: asTenant,
    content: async (id) => await asTenant(id, 'SELECT locale, (SELECT count(*)::int FROM users) AS users FROM tenant_settings'),
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

const filling = `
  UPDATE tenant_settings SET locale = 'de-CH';
  INSERT INTO users (id, email, name, role, status, updated_at)
  SELECT gen_random_uuid(), n || '@acme.example', 'Nobody', 'MEMBER', 'INVITED', now() FROM generate_series(1, 10) n`;

/** Each place before and after each step. */
export function pointsOf(steps: readonly string[], direction: SagaPoint['direction']): SagaPoint[] {
  return steps.flatMap((step): SagaPoint[] => [
    { step, direction, at: 'before' },
    { step, direction, at: 'after' },
  ]);
}

/** Some time within the work of a step. */
export function soonAfter(step: string): Fate {
  return { kill: { step, direction: 'run', at: 'before' }, afterMs: Math.floor(Math.random() * 40) };
}

/** A place where a process dies, as a test's title calls it. */
export interface Death {
  readonly where: string;
  readonly fate: Fate;
}

/** At each of the points, and in the middle of each of the steps. */
export function deathsOf(points: readonly SagaPoint[], steps: readonly string[]): Death[] {
  return [
    ...points.map((kill): Death => ({ where: `${kill.at} the step "${kill.step}"`, fate: { kill } })),
    ...steps.map((step): Death => ({ where: `in the middle of whatever the step "${step}" does`, fate: soonAfter(step) })),
  ];
}
