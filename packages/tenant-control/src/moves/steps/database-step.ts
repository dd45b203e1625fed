import { migrationsFolder } from '@tenantry/prisma';
import { applyMigrationsOf, readAppliedMigrations } from '../../backups/migrations.ts';
import { withSnapshot } from '../../backups/session.ts';
import { MoveRefusedError } from '../../errors.ts';
import { dropDatabase, makeEmptyDatabase } from '../../tenant-databases/database.ts';
import { describeSchema, schemaDifferences } from '../copies/describe-schema.ts';
import type { MoveStep, MoveWork } from '../move-work.ts';

/** Faults that a message names. */
const named = 5;

/** The tenant's database, defined as the old one is, with nothing of the tenant in it yet. One that an attempt has left is made anew. */
export const databaseStep: MoveStep = {
  name: 'database',
  run: async (work) => {
    const { tenant } = work;
    await work.on('target', async (session) => {
      if (await work.hasDatabase('target', session)) await dropDatabase(session, tenant.databaseName);
      await makeEmptyDatabase(session, tenant, work.middle);
    });
    const migrations = await withSnapshot(await work.ownerUrl('source'), undefined, readAppliedMigrations);
    const url = await work.ownerUrl('target');
    await work.within('target', async () => await applyMigrationsOf(migrations, { url, folders: [migrationsFolder('tenant')] }));
    await assertSameSchema(work);
  },
  undo: async (work) => {
    if (!work.facts.isTargetOurs) return;
    await work.on('target', async (session) => {
      if (await work.hasDatabase('target', session)) await dropDatabase(session, work.tenant.databaseName);
    });
  },
};

/** @throws {MoveRefusedError} when something would be lost, or be different, that no row tells of */
export async function assertSameSchema(work: MoveWork): Promise<void> {
  const [source, target] = await Promise.all([work.within('source', describeSchema), work.within('target', describeSchema)]);
  const faults = schemaDifferences(source, target);
  if (faults.length === 0) return;
  const more = faults.length > named ? `; and ${faults.length - named} more` : '';
  const what = `the migrations do not make the database that it has: ${faults.slice(0, named).join('; ')}${more}`;
  throw new MoveRefusedError(work.tenant.slug, work.target.name, `${what}. Put into a migration what was made by hand, or drop it`);
}
