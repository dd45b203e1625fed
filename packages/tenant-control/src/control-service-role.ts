import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import { jobRights } from './jobs/jobs-schema.ts';
import { inTransaction } from './postgres/in-transaction.ts';

/** The tables that a service adds to, or only reads, where it may change the others. */
const restricted = [
  { table: 'audit_log', rights: 'SELECT, INSERT' },
  { table: 'erasure_certificates', rights: 'SELECT, INSERT' },
  { table: '_prisma_migrations', rights: 'SELECT' },
] as const;

/**
 * Lets `role` do in the control database what services do there, and nothing else: it reads and changes the catalog, queues jobs and runs
 * them, and adds to the audit log and the certificates of erasure. It owns nothing, so that it can neither change the schema nor lift what
 * keeps the audit log as it is.
 *
 * @throws {Error} when the role is not there, or has more rights than these can take from it
 */
export async function admitServiceRole(client: ClientBase, database: string, role: string): Promise<void> {
  await refuseUnfitRole(client, database, role);
  const name = escapeIdentifier(role);
  const statements = [
    `GRANT CONNECT ON DATABASE ${escapeIdentifier(database)} TO ${name}`,
    `GRANT USAGE ON SCHEMA public TO ${name}`,
    `GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO ${name}`,
    ...restricted.flatMap(({ table, rights }) => [`REVOKE ALL ON ${table} FROM ${name}`, `GRANT ${rights} ON ${table} TO ${name}`]),
    ...(await jobRights(client, role)),
  ];
  // All or nothing, so that nobody has the rights that are taken back, not even for a moment.
  await inTransaction(client, async () => await client.query(statements.join('; ')));
}

/** Whoever may act as the owner has the owner's rights, whatever is granted. */
async function refuseUnfitRole(client: ClientBase, database: string, role: string): Promise<void> {
  const { rows } = await client.query<{ rules: boolean }>(
    `SELECT pg_has_role(oid, (SELECT relowner FROM pg_class WHERE oid = 'audit_log'::regclass), 'MEMBER') AS rules FROM pg_roles WHERE rolname = $1`,
    [role],
  );
  const [found] = rows;
  if (!found) {
    const create = `CREATE ROLE ${escapeIdentifier(role)} LOGIN PASSWORD ${escapeLiteral('…')}`;
    throw new Error(`There is no role "${role}" for the services: let the server's administrator say ${create}`);
  }
  if (found.rules) {
    throw new Error(`The role "${role}" may act as the owner of the control database ${database}: give the services one that may not.`);
  }
}
