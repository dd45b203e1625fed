import { randomUUID } from 'node:crypto';
import type { SqlDriverAdapter } from '@prisma/driver-adapter-utils';
import { IsolationError } from '../errors.ts';
import type { TenantClients } from '../handles/tenant-clients.ts';
import type { TenantDb } from '../lease.ts';
import { tryIsolation, type TrialOperation, type TrialTenant } from './isolation-trial.ts';

/** A tenant whose database can be reached. */
export interface ServedTenant {
  readonly tenantId: string;
  readonly adapter: SqlDriverAdapter;
  /** As `current_database()` names it. */
  readonly database: string;
  /** Keeps the tenant open until it is disposed of; null when it is closing already. */
  hold(): AsyncDisposable | null;
}

/** `conclusive` as long as nothing failed that could have shown a leak. */
export type IsolationVerdict = { conclusive: true } | { conclusive: false; failed: ServedTenant; cause: unknown };

interface Subject extends TrialTenant {
  readonly served: ServedTenant;
  /** The tenants whose statements a database has answered, by database and server. */
  readonly tenantsOf: Map<string, ServedTenant>;
}

/** Where the tenant's statements are answered, and what they asked for. */
async function assertPlace(db: Pick<TenantDb, '$queryRaw'>, { served, marker, tenantsOf }: Subject): Promise<void> {
  // Databases of one name may be on several servers; when these were started tells them apart.
  const [answer] = await db.$queryRaw<{ database: string; server: string; marker: string }[]>`
    SELECT current_database()::text AS database, extract(epoch FROM pg_postmaster_start_time())::text AS server, ${marker}::text AS marker`;
  if (answer?.database !== served.database || answer.marker !== marker) {
    throw new IsolationError(`A statement of tenant ${served.tenantId} was answered by the database ${JSON.stringify(answer?.database)}.`);
  }
  const place = `${answer.database} ${answer.server}`;
  const other = tenantsOf.get(place) ?? served;
  if (other !== served) throw new IsolationError(`One database answers the tenants ${other.tenantId} and ${served.tenantId}.`);
  tenantsOf.set(place, served);
}

/** No row has the marker for its id, so whatever is found is not what was asked for. */
function assertNothing(found: object | number | null, { served }: Subject): void {
  if (found === null || found === 0) return;
  throw new IsolationError(`Tenant ${served.tenantId} was given a row that it had not asked for.`);
}

/** They only read. */
const operations: readonly TrialOperation<Subject>[] = [
  assertPlace,
  async (db, subject) => assertNothing(await db.user.findUnique({ where: { id: subject.marker } }), subject),
  async (db, subject) => assertNothing(await db.user.findFirst({ where: { id: subject.marker } }), subject),
  async (db, subject) => assertNothing(await db.user.count({ where: { id: subject.marker } }), subject),
  async (db, subject) =>
    assertNothing(await db.$extends({ name: 'self-test' }).user.findUnique({ where: { id: subject.marker } }), subject),
  async (db, subject) =>
    await db.$transaction(async (tx) => {
      await assertPlace(tx, subject);
      const found = await Promise.all([1, 2].map(async () => await tx.user.findUnique({ where: { id: subject.marker } })));
      for (const row of found) assertNothing(row, subject);
    }),
];

/**
 * Runs operations of two tenants over their real databases, in the same ticks, with a record of what reaches each.
 *
 * @throws {IsolationError} when an operation of one reached the other. A database that fails to answer is no reason.
 */
export async function assertIsolationBetween(
  clients: TenantClients,
  tenants: readonly [ServedTenant, ServedTenant],
): Promise<IsolationVerdict> {
  const tenantsOf = new Map<string, ServedTenant>();
  const subjects = tenants.map((served) => ({ served, adapter: served.adapter, marker: randomUUID(), tenantsOf }));
  const [failure] = await tryIsolation(clients, subjects, operations);
  return failure ? { conclusive: false, failed: failure.tenant.served, cause: failure.cause } : { conclusive: true };
}
