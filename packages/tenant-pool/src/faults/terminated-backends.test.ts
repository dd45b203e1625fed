import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { openScene } from './scene.ts';
import { createTenants, type Tenants } from './tenants.ts';

let tenants: Tenants;

/** Has writes take long enough to be met by a signal. */
const lingering = `
  CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.01); RETURN NEW; END $$;
  CREATE TRIGGER linger BEFORE INSERT ON marks FOR EACH ROW EXECUTE FUNCTION linger()`;

beforeAll(async () => {
  tenants = await createTenants(3);
  await tenants.databases.within(tenants.troubled, lingering);
});
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

/** Signals each of the troubled tenant's backends with a chance of one in two, again and again. @returns how many it met */
async function attack(signal: 'pg_terminate_backend' | 'pg_cancel_backend'): Promise<number> {
  const { databases, troubled } = tenants;
  const sql = `SELECT ${signal}(pid) FROM pg_stat_activity WHERE usename = $1 AND random() < 0.5`;
  let hits = 0;
  for (let times = 0; times < 40; times += 1) {
    hits += (await databases.administer(sql, [troubled.role])).length;
    await sleep(20);
  }
  return hits;
}

const ofTroubled = (allowed: string) => (tenant: TenantPlacement) => (tenant === tenants.troubled ? [allowed] : []);

test('backends that are terminated at random cost their tenant the work in flight, and nobody anything else', async () => {
  await using scene = await openScene(tenants);
  expect(await attack('pg_terminate_backend')).toBeGreaterThan(20);
  await scene.traffic.of(tenants.troubled).meets('TENANT_UNAVAILABLE');
  await scene.traffic.flows();
  expect(await scene.end(ofTroubled('TENANT_UNAVAILABLE'))).toEqual([]);
});

test('statements that are cancelled at random fail as SQL, and cost nobody anything else', async () => {
  await using scene = await openScene(tenants);
  expect(await attack('pg_cancel_backend')).toBeGreaterThan(20);
  await scene.traffic.of(tenants.troubled).meets('SQL 57014');
  await scene.traffic.flows();
  expect(await scene.end(ofTroubled('SQL 57014'))).toEqual([]);
});
