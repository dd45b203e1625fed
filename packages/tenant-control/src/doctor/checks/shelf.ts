import type { ClusterCheckup } from '../checkup.ts';
import type { Finding } from '../finding.ts';

/** Milliseconds within which a database on the shelf gets ready, or never will. */
const overdueMs = 600_000;

const templateName = /^tenantry_template_\d{14}_[0-9a-f]{8}$/;

/** What the shelf says is there and is not, and templates that nothing is cloned from any more. */
export async function checkShelf({ db, admin, databases }: ClusterCheckup): Promise<Finding[]> {
  const shelf = await db.shelvedDatabase.findMany({ where: { clusterName: admin.name } });
  const leftovers = shelf.filter(({ databaseName, readyAt, createdAt }) =>
    readyAt ? !databases.has(databaseName) : Date.now() - createdAt.getTime() > overdueMs,
  );
  const current = admin.template?.database;
  const old = [...databases.values()].filter(({ name, isTemplate }) => isTemplate && templateName.test(name) && name !== current);
  return [
    ...leftovers.map(({ id, databaseName, readyAt }): Finding => ({
      severity: readyAt ? 'error' : 'warning',
      kind: 'shelf-leftover',
      cluster: admin.name,
      tenantId: id,
      message: `The database ${databaseName} on the shelf ${readyAt ? 'is not there' : 'never got ready'}.`,
      remedy: 'Run with --fix; the shelf is refilled without it.',
      fix: async () => {
        // Whoever refills the shelf discards what is not ready.
        await db.shelvedDatabase.updateMany({ where: { id }, data: { readyAt: null } });
      },
    })),
    ...old.map(({ name }): Finding => ({
      severity: 'info',
      kind: 'old-template',
      cluster: admin.name,
      tenantId: null,
      message: `The template ${name} is of another release.`,
      remedy: 'Once no process of that release runs any more: ALTER DATABASE … IS_TEMPLATE false, then drop it and its owner.',
      fix: null,
    })),
  ];
}
