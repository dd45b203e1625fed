import type { PrismaClient, ShelvedDatabase } from '@tenantry/prisma/control';
import type { ClusterAdmin } from '../../clusters/cluster-admin.ts';
import type { ClusterCheckup } from '../checkup.ts';
import type { Finding } from '../finding.ts';

/** Milliseconds within which a database on the shelf gets ready, or never will. */
const overdueMs = 600_000;

const templateName = /^tenantry_template_\d{14}_[0-9a-f]{8}$/;

/** What the shelf says is there and is not, and templates that nothing is cloned from any more. */
export async function checkShelf({ db, admin, databases }: ClusterCheckup): Promise<Finding[]> {
  const shelf = await db.shelvedDatabase.findMany({ where: { clusterName: admin.name } });
  const present = await findPresent(admin, shelf);
  const leftovers = shelf.filter(({ databaseName, readyAt, createdAt }) =>
    readyAt ? !present.has(databaseName) : Date.now() - createdAt.getTime() > overdueMs,
  );
  const current = admin.template?.database;
  const old = [...databases.values()].filter(({ name, isTemplate }) => isTemplate && templateName.test(name) && name !== current);
  return [
    ...leftovers.map((shelved) => (shelved.readyAt ? missing(db, admin, shelved) : unready(admin, shelved))),
    ...old.map(({ name }): Finding => ({
      severity: 'info',
      kind: 'old-template',
      cluster: admin.name,
      tenantId: null,
      message: `The template ${name} is of another release.`,
      remedy:
        `Once no process of that release runs any more: ALTER DATABASE ${name} IS_TEMPLATE false; DROP DATABASE ${name}; ` +
        `DROP ROLE ${name}_owner;`,
      fix: null,
    })),
  ];
}

/** After the shelf was read: one that is made meanwhile is on the shelf only once it is there. */
async function findPresent({ pool }: ClusterAdmin, shelf: readonly ShelvedDatabase[]): Promise<Set<string>> {
  const names = shelf.map(({ databaseName }) => databaseName);
  const { rows } = await pool.query<{ name: string }>('SELECT datname AS name FROM pg_database WHERE datname = ANY($1)', [names]);
  return new Set(rows.map(({ name }) => name));
}

function missing(db: PrismaClient, { name: cluster }: ClusterAdmin, { id, databaseName }: ShelvedDatabase): Finding {
  return {
    severity: 'error',
    kind: 'shelf-leftover',
    cluster,
    tenantId: id,
    message: `The database ${databaseName} on the shelf is not there.`,
    remedy: 'Run with --fix; the shelf is refilled without it.',
    // Whoever refills the shelf discards what is not ready.
    fix: async () => void (await db.shelvedDatabase.updateMany({ where: { id }, data: { readyAt: null } })),
  };
}

function unready({ name: cluster }: ClusterAdmin, { id, databaseName }: ShelvedDatabase): Finding {
  return {
    severity: 'warning',
    kind: 'shelf-leftover',
    cluster,
    tenantId: id,
    message: `The database ${databaseName} on the shelf never got ready.`,
    remedy: 'It is discarded when the shelf is refilled: see that a process does that (tenantry worker), and what it logs.',
    fix: null,
  };
}
