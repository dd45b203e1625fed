import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { schemaText } from '@tenantry/prisma';
import { unseal } from '@tenantry/service';
import { exportData } from '../../backups/export/export-data.ts';
import type { BackupStore } from '../../backups/stores/backup-store.ts';
import { openFolderStore } from '../../backups/stores/folder-store.ts';
import { databaseUrl } from '../../postgres/connection.ts';
import type { Tenant } from '../../tenant.ts';
import { openInstallation, operator, runSql, uniqueName, type Installation, type InstallationOptions } from '../../testing/installation.ts';

/** Tenants with something in their databases, and a store for backups of them. */
export interface BackedUpTenants extends AsyncDisposable {
  readonly installation: Installation;
  readonly store: BackupStore;
  /** Where the store is. */
  readonly folder: string;
  provision(): Promise<Tenant>;
  /** Runs as the tenant. */
  query<Row>(id: string, sql: string): Promise<Row[]>;
  /** All that the tenant has, as an export gives it out: texts of files by their names. */
  exported(id: string): Promise<Readonly<Record<string, string>>>;
  /** Paths of what the store has of a tenant's backups. */
  files(id: string): Promise<string[]>;
  row<Row>(backupId: string): Promise<Row>;
}

export function newSlug(): string {
  return uniqueName('t').replace('_', '-');
}

export async function openBackedUpTenants(
  serverUrl: string,
  {
    storeOf = (store) => store,
    ...options
  }: Omit<InstallationOptions, 'serverUrl'> & { storeOf?: (store: BackupStore) => BackupStore } = {},
): Promise<BackedUpTenants> {
  await using cleanup = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'tenantry-backups-'));
  cleanup.defer(async () => await rm(folder, { recursive: true }));
  const store = storeOf(openFolderStore(folder));
  const installation = cleanup.use(await openInstallation({ serverUrl, store, ...options }));

  async function urlOf(id: string): Promise<string> {
    const placement = await installation.catalog.findPlacement(id);
    if (!placement) throw new Error(`no tenant ${id}`);
    const password = unseal(placement.sealedPassword, id, installation.keyRing);
    return databaseUrl(serverUrl, placement.database, { user: placement.role, password });
  }

  const query = async <Row>(id: string, sql: string) => await runSql<Row>(await urlOf(id), sql);
  const opened = cleanup.move();
  return {
    installation,
    store,
    folder,
    query,
    provision: async () => {
      const tenant = await installation.control.provisionTenant({ slug: newSlug(), name: 'Acme' }, { actor: operator });
      await query(tenant.id, filling);
      return tenant;
    },
    exported: async (id) => {
      const key = `test-exports/${uniqueName('e')}`;
      const { manifest } = await exportData({ url: await urlOf(id), store, key, tenantId: id, prismaSchema: schemaText('tenant') });
      const texts = manifest.models.map(async ({ file }) => [file, await readFile(join(folder, key, file), 'utf8')] as const);
      return Object.fromEntries(await Promise.all(texts));
    },
    files: async (id) => {
      const path = join(folder, 'tenants', id, 'backups');
      const entries = await readdir(path, { recursive: true, withFileTypes: true }).catch(() => []);
      return entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    },
    row: async <Row>(backupId: string) => {
      const [row] = await installation.query<Row>('SELECT * FROM backups WHERE id = $1', [backupId]);
      if (!row) throw new Error(`no backup ${backupId}`);
      return row;
    },
    [Symbol.asyncDispose]: async () => await opened.disposeAsync(),
  };
}

const filling = `
  UPDATE tenant_settings SET locale = 'de-CH';
  INSERT INTO users (id, email, name, role, status, issuer, subject, updated_at)
  SELECT gen_random_uuid(), n || '@acme.example', E'Zoë \\t"' || n || E'"\\nđ\\\\', 'MEMBER', 'ACTIVE', 'issuer', n, now() FROM generate_series(1, 50) n;
  INSERT INTO teams (id, name, updated_at) SELECT gen_random_uuid(), 'Team ' || n, now() FROM generate_series(1, 5) n;
  INSERT INTO team_members (team_id, user_id) SELECT teams.id, users.id FROM teams, users;
  INSERT INTO invitations (id, user_id, expires_at) SELECT gen_random_uuid(), id, now() FROM users LIMIT 7`;
