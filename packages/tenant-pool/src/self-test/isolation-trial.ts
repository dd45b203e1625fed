import type { SqlDriverAdapter, SqlQuery } from '@prisma/driver-adapter-utils';
import { IsolationError } from '../errors.ts';
import { freeGrant } from '../handles/grant.ts';
import type { EntryClient, TenantClients } from '../handles/tenant-clients.ts';
import type { TenantDb } from '../lease.ts';
import { recordingAdapter } from './recording-adapter.ts';

/** A tenant of a trial. */
export interface TrialTenant {
  readonly adapter: SqlDriverAdapter;
  /** A UUID that only this tenant's operations ask for. */
  readonly marker: string;
}

/**
 * One of the ways to ask for a tenant's own marker, each something that Prisma could batch with, or mistake for, another
 * tenant's.
 *
 * @throws {IsolationError} when the answer is not the tenant's own
 */
export type TrialOperation<Tenant extends TrialTenant> = (db: TenantDb, tenant: Tenant) => Promise<void>;

/** How often each tenant runs each operation, all of them at once. */
const rounds = 3;

/**
 * Runs the operations of all `tenants` in the same ticks.
 *
 * @returns what operations failed with, by tenant; none when the trial was conclusive
 * @throws {IsolationError} when a statement of one tenant reached another, or brought back another's answer
 */
export async function tryIsolation<Tenant extends TrialTenant>(
  clients: TenantClients,
  tenants: readonly Tenant[],
  operations: readonly TrialOperation<Tenant>[],
): Promise<{ tenant: Tenant; cause: unknown }[]> {
  const strays: string[] = [];
  const trials = tenants.map((tenant) => {
    const foreign = tenants.filter((other) => other !== tenant).map(({ marker }) => marker);
    const record = ({ sql, args }: SqlQuery) => {
      // As one text: the values of a list are in an array.
      const values = String(args);
      if (foreign.some((marker) => values.includes(marker))) strays.push(sql);
    };
    return { tenant, client: clients.open(recordingAdapter(tenant.adapter, record)) };
  });
  const work = Array.from({ length: rounds }, () =>
    operations.flatMap((operation) => trials.map(async ({ tenant, client }) => await outcomeOf(operation, client, tenant))),
  );
  const failures = (await Promise.all(work.flat())).filter((failure) => failure !== null);
  await Promise.all(trials.map(async ({ client }) => await client[Symbol.asyncDispose]()));

  const wrong = failures.find(({ cause }) => cause instanceof IsolationError);
  if (strays.length === 0 && !wrong) return failures;
  throw new IsolationError(
    `Handles of two tenants are not kept apart (${strays.length} statements went astray); this process must not serve. ` +
      'Check the version of Prisma against the one pinned.',
    { cause: wrong?.cause },
  );
}

async function outcomeOf<Tenant extends TrialTenant>(
  operation: TrialOperation<Tenant>,
  client: EntryClient,
  tenant: Tenant,
): Promise<{ tenant: Tenant; cause: unknown } | null> {
  try {
    await operation(client.handleFor(freeGrant), tenant);
    return null;
  } catch (cause) {
    return { tenant, cause };
  }
}
