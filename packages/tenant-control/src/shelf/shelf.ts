import type { Prisma, PrismaClient } from '@tenantry/prisma/control';
import { unseal, type KeyRing, type Logger } from '@tenantry/service';
import { checkPlacement } from '@tenantry/tenant-pool';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { ExclusiveCluster } from '../clusters/exclusive-cluster.ts';
import { openToPooler } from '../clusters/pooler-access.ts';
import type { Template } from '../clusters/template.ts';
import { cloneDatabase, dropDatabase } from '../tenant-databases/database.ts';
import { newDatabase, type OwnedDatabase } from '../tenant-databases/owned-database.ts';
import { dropRole, makeRole } from '../tenant-databases/role.ts';
import { verifyDatabase } from '../tenant-databases/verification.ts';

export interface ShelfOptions {
  db: PrismaClient;
  keyRing: KeyRing;
  logger: Logger;
  /** For tests: called between the parts of making and discarding a database. */
  onPart?: (() => Promise<void>) | undefined;
}

/** What one refilling did. */
export interface ShelfChanges {
  readonly made: number;
  readonly discarded: number;
}

/** A database on the shelf, or on its way there. */
type Shelved = Pick<OwnedDatabase, 'id' | 'databaseName' | 'roleName'>;

/** The ready databases of one cluster. A new tenant takes one and has nothing to wait for. */
export class Shelf {
  readonly #admin: ClusterAdmin;
  readonly #options: ShelfOptions;

  constructor(admin: ClusterAdmin, options: ShelfOptions) {
    this.#admin = admin;
    this.#options = options;
  }

  /** Name of the template whose clones are on it; null before this process has prepared the cluster. */
  get template(): string | null {
    return this.#admin.template?.database ?? null;
  }

  /** Takes the database that has been ready for longest, in the transaction that makes it a tenant's. @returns null when there is none */
  async take(tx: Prisma.TransactionClient): Promise<OwnedDatabase | null> {
    const { template } = this;
    if (template === null) return null;
    const [taken] = await tx.$queryRaw<OwnedDatabase[]>`
      DELETE FROM shelf WHERE id = (
        SELECT id FROM shelf WHERE cluster_name = ${this.#admin.name} AND template = ${template} AND ready_at IS NOT NULL
        ORDER BY ready_at LIMIT 1 FOR UPDATE SKIP LOCKED)
      RETURNING id, database_name AS "databaseName", role_name AS "roleName", sealed_password AS "sealedPassword"`;
    return taken ?? null;
  }

  /**
   * Brings the shelf to `size` databases with the newest schema. Those of another schema, and those that a process was killed over, are
   * discarded. One process at a time does this.
   *
   * @throws when the cluster does not answer
   */
  async refill(size: number): Promise<ShelfChanges> {
    await using cluster = new ExclusiveCluster(this.#admin, 'tenantry: shelf', async () => {});
    const template = await this.#admin.prepare();
    // Nobody else is at it, so that what is not ready never will be.
    await cluster.session();
    const discarded = await this.#discardUnfit(cluster, template, size);
    let made = 0;
    for (let count = await this.#count(template); count < size; count += 1) {
      await this.#make(cluster, template);
      made += 1;
    }
    return { made, discarded };
  }

  async #count({ database: template }: Template): Promise<number> {
    return await this.#options.db.shelvedDatabase.count({ where: { clusterName: this.#admin.name, template, readyAt: { not: null } } });
  }

  async #discardUnfit(cluster: ExclusiveCluster, { database: template }: Template, size: number): Promise<number> {
    const { db } = this.#options;
    // Made unfit before it is dropped, so that nobody takes it meanwhile.
    const unfit = await db.$queryRaw<Shelved[]>`
      UPDATE shelf SET ready_at = NULL WHERE id IN (
        SELECT id FROM shelf WHERE cluster_name = ${this.#admin.name} AND id NOT IN (
          SELECT id FROM shelf WHERE cluster_name = ${this.#admin.name} AND template = ${template} AND ready_at IS NOT NULL
          ORDER BY ready_at LIMIT ${size})
        FOR UPDATE SKIP LOCKED)
      RETURNING id, database_name AS "databaseName", role_name AS "roleName"`;
    for (const shelved of unfit) await this.#discard(cluster, shelved);
    return unfit.length;
  }

  async #discard(cluster: ExclusiveCluster, { id, databaseName, roleName }: Shelved): Promise<void> {
    const { db, onPart } = this.#options;
    await dropDatabase(await cluster.session(), databaseName);
    await onPart?.();
    await dropRole(await cluster.session(), roleName);
    await onPart?.();
    await db.shelvedDatabase.delete({ where: { id } });
  }

  async #make(cluster: ExclusiveCluster, template: Template): Promise<void> {
    const { db, keyRing, logger } = this.#options;
    const { id, databaseName, roleName, sealedPassword } = newDatabase(keyRing);
    const names = { id, databaseName, roleName, sealedPassword };
    const { database, schemaVersion } = template;
    await db.shelvedDatabase.create({ data: { ...names, clusterName: this.#admin.name, template: database, schemaVersion } });
    try {
      await this.#build(cluster, template, names);
      await db.shelvedDatabase.update({ where: { id }, data: { readyAt: new Date() } });
    } catch (error) {
      await this.#discard(cluster, names).catch((err: unknown) =>
        logger.warn({ err, databaseName }, 'a database that did not get ready is left for the next refilling'),
      );
      throw error;
    }
  }

  async #build(cluster: ExclusiveCluster, template: Template, owned: OwnedDatabase): Promise<void> {
    const { keyRing, onPart = async () => {} } = this.#options;
    const { admin } = cluster;
    const login = { ...owned, password: unseal(owned.sealedPassword, owned.id, keyRing) };
    const session = await cluster.session();
    await makeRole(session, login, onPart);
    await cloneDatabase(owned, { admin, session, template, onClone: onPart, onOpen: onPart });
    const authUser = admin.tenants?.authUser ?? null;
    if (authUser !== null) await openToPooler(admin, authUser, login);
    await admin.as({ role: login.roleName, password: login.password }, login.databaseName, verifyDatabase);
    await onPart();
    await checkRoute(admin, owned, login.password);
  }
}

/** Where tenants do not connect to the server itself: uses the database on their way. */
async function checkRoute(
  { name, tenants }: ClusterAdmin,
  { id, databaseName, roleName, sealedPassword }: OwnedDatabase,
  password: string,
) {
  if (!tenants) return;
  const { host, port, sslMode, pooling } = tenants;
  await checkPlacement(
    {
      tenantId: id,
      slug: databaseName,
      status: 'PROVISIONING',
      tier: 'STANDARD',
      cluster: name,
      host,
      port,
      sslMode,
      pooling,
      database: databaseName,
      role: roleName,
      sealedPassword,
      credentialVersion: 1,
    },
    { password, service: 'control' },
  );
}
