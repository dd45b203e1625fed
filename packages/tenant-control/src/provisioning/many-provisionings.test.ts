import pLimit from 'p-limit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openInstallation, operator, uniqueName, type Installation } from '../testing/installation.ts';
import { findOrphans } from '../testing/orphans.ts';

const server = inject('postgresUrl');
const tenants = 200;
const atOnce = 8;
/** Of the provisionings, how many fail, each at a point of its own. */
const failing = 0.1;
let installation: Installation;

/** Points yet to be passed before a provisioning fails, by the tenant's id; Infinity for one that does not. */
const pointsLeft = new Map<string, number>();
let failed = 0;

beforeAll(async () => {
  installation = await openInstallation({
    serverUrl: server,
    reachFaultPoint: async ({ tenantId, direction, step, at }) => {
      // When its last step is done the tenant is served, and nothing is left that could fail.
      if (direction !== 'run' || (step === 'activation' && at === 'after')) return;
      const left = pointsLeft.get(tenantId) ?? (Math.random() < failing ? Math.floor(Math.random() * 18) : Infinity);
      pointsLeft.set(tenantId, left - 1);
      if (left !== 0) return;
      failed += 1;
      throw new Error('a failure on purpose');
    },
  });
});
// Two hundred databases are dropped.
afterAll(async () => await installation?.[Symbol.asyncDispose](), 120_000);

test(
  'many provisionings at once, of which some fail, leave the tenants that succeeded and nothing else',
  { timeout: 240_000 },
  async () => {
    const limit = pLimit(atOnce);
    const slugs = Array.from({ length: tenants }, () => uniqueName('t').replace('_', '-'));
    const provision = async (slug: string) =>
      await installation.control.provisionTenant({ slug, name: slug }, { actor: operator, idempotencyKey: slug });
    const outcomes = await Promise.allSettled(slugs.map(async (slug) => await limit(async () => await provision(slug))));

    const succeeded = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value.slug] : []));
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(failed);
    expect(failed).toBeGreaterThan(0);
    const rows = await installation.query<{ slug: string }>(`SELECT slug FROM tenants WHERE status = 'ACTIVE'`);
    expect(rows.map(({ slug }) => slug).toSorted()).toEqual(succeeded.toSorted());
    expect(await installation.query(`SELECT FROM tenants WHERE status <> 'ACTIVE'`)).toEqual([]);
    expect(await findOrphans(installation, server)).toEqual([]);

    pointsLeft.clear();
    for (const id of await installation.query<{ tenant_id: string }>('SELECT tenant_id FROM sagas')) pointsLeft.set(id.tenant_id, Infinity);
    const again = await Promise.all(succeeded.slice(0, atOnce).map(async (slug) => await provision(slug)));
    expect(again.map(({ slug }) => slug)).toEqual(succeeded.slice(0, atOnce));
    expect(await installation.query('SELECT FROM tenants')).toHaveLength(succeeded.length);
  },
);
