import type { PrismaClient } from '@tenantry/prisma/control';
import { unseal, type KeyRing, type Logger } from '@tenantry/service';
import type { Client } from 'pg';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { ExclusiveCluster } from '../clusters/exclusive-cluster.ts';
import { openToPooler } from '../clusters/pooler-access.ts';
import type { Template } from '../clusters/template.ts';
import { cloneDatabase, dropOwnDatabase } from '../tenant-databases/database.ts';
import { dropRole } from '../tenant-databases/drop-role.ts';
import { newDatabase, type OwnedDatabase } from '../tenant-databases/owned-database.ts';
import { makeRole } from '../tenant-databases/role.ts';
import { verifyDatabase } from '../tenant-databases/verification.ts';
import { checkRoute } from './check-route.ts';

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

/** In the place of the template's name: what is to be dropped. */
const noTemplate = '';

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
    // Made unfit before it is dropped, so that nobody takes it meanwhile, nor whoever has made it takes it for ready.
    const unfit = await db.$queryRaw<Shelved[]>`
      UPDATE shelf SET ready_at = NULL, template = ${noTemplate} WHERE id IN (
        SELECT id FROM shelf WHERE cluster_name = ${this.#admin.name} AND id NOT IN (
          SELECT id FROM shelf WHERE cluster_name = ${this.#admin.name} AND template = ${template} AND ready_at IS NOT NULL
          ORDER BY ready_at LIMIT ${size})
        FOR UPDATE SKIP LOCKED)
      RETURNING id, database_name AS "databaseName", role_name AS "roleName"`;
    let discarded = 0;
    for (const shelved of unfit) if (await this.#tryToDiscard(cluster, shelved)) discarded += 1;
    return discarded;
  }

  /** One that Postgres will not drop keeps the shelf from nothing. */
  async #tryToDiscard(cluster: ExclusiveCluster, shelved: Shelved): Promise<boolean> {
    try {
      await this.#discard(cluster, shelved);
      return true;
    } catch (err) {
      const { databaseName } = shelved;
      this.#options.logger.warn({ err, databaseName }, 'a database of the shelf could not be discarded; it is left for the next refilling');
      return false;
    }
  }

  async #discard(cluster: ExclusiveCluster, shelved: Shelved): Promise<void> {
    const { db, onPart } = this.#options;
    const { id, roleName } = shelved;
    await dropOwnDatabase(await cluster.session(), this.#admin.name, shelved);
    await onPart?.();
    await dropRole(this.#admin, await cluster.session(), roleName);
    await onPart?.();
    await db.shelvedDatabase.deleteMany({ where: { id } });
  }

  async #make(cluster: ExclusiveCluster, template: Template): Promise<void> {
    const { db, keyRing } = this.#options;
    const { id, databaseName, roleName, sealedPassword } = newDatabase(keyRing);
    const names = { id, databaseName, roleName, sealedPassword };
    const { database, schemaVersion } = template;
    await db.shelvedDatabase.create({ data: { ...names, clusterName: this.#admin.name, template: database, schemaVersion } });
    try {
      await this.#build(cluster, template, names);
      const { count } = await db.shelvedDatabase.updateMany({ where: { id, template: database }, data: { readyAt: new Date() } });
      if (count === 0) throw new Error(`The database ${databaseName} was discarded by another process while it was made.`);
    } catch (error) {
      await this.#tryToDiscard(cluster, names);
      throw error;
    }
  }

  async #build(cluster: ExclusiveCluster, template: Template, owned: OwnedDatabase): Promise<void> {
    const { keyRing, onPart = async () => {} } = this.#options;
    const { admin } = cluster;
    const login = { ...owned, password: unseal(owned.sealedPassword, owned.id, keyRing) };
    const session = await cluster.session();
    await makeRole(session, login, onPart);
    const asTenant = async (work: (client: Client) => Promise<void>) =>
      await admin.as({ role: login.roleName, password: login.password }, login.databaseName, work);
    await cloneDatabase(owned, { admin, session, template, asTenant, onClone: onPart, onOpen: onPart });
    const authUser = admin.tenants?.authUser ?? null;
    if (authUser !== null) await openToPooler(admin, authUser, login);
    await asTenant(verifyDatabase);
    await onPart();
    await checkRoute(admin, owned, login.password);
  }
}
