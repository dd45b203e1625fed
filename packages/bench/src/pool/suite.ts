import { defineSuite } from '../suite.ts';
import { cold } from './cold.ts';
import { deadTenant } from './dead-tenant.ts';
import type { Scenario } from '../scenario.ts';
import { openPoolFixture, type PoolFixture } from './fixture.ts';
import { fleet } from './fleet.ts';
import { lease } from './lease.ts';
import { memory } from './memory.ts';
import { sizing } from './sizing.ts';
import { sweep } from './sweep.ts';
import { soak } from './soak.ts';
import { warm } from './warm.ts';

/** The few databases that most of them need are made first, the thousands of a fleet last. */
export const scenarios: readonly Scenario<PoolFixture>[] = [lease, warm, cold, deadTenant, memory, sizing, sweep, fleet, soak];

export const poolSuite = defineSuite({
  name: 'pool',
  title: 'The tenant pool, against one PrismaClient per tenant',
  open: openPoolFixture,
  scenarios,
});
