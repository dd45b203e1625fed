import type { MoveReport, SagaRun, Tenant } from '@tenantry/tenant-control';
import { actorOf } from './actor.ts';
import type { TenantsContext } from './context.ts';

export interface MoveArguments {
  readonly id: string;
  readonly cluster: string;
  readonly tier: Tenant['tier'] | null;
  readonly way: keyof typeof ways | null;
  readonly confirm: boolean | null;
}

export interface MovePayload {
  readonly tenant: Tenant;
  readonly run: SagaRun | null;
}

type Context = Pick<TenantsContext, 'catalog' | 'control' | 'request'>;

/** What the schema calls them, and what the control plane does. */
const ways = { REPLICATION: 'replication', DUMP: 'dump' } as const satisfies Record<NonNullable<MoveReport['way']>, string>;

/** Milliseconds that a mutation waits for a move: less than a gateway waits for a subgraph. */
const waitMs = 5000;

export async function moveTenant({ id, way, ...input }: MoveArguments, context: Context): Promise<MovePayload> {
  const actor = actorOf(context.request);
  return await withRun(context, await context.control().moveTenant(id, { ...input, way: way && ways[way] }, actor, { waitMs }));
}

export async function confirmMove(id: string, context: Context): Promise<MovePayload> {
  return await withRun(context, await context.control().confirmMove(id, actorOf(context.request)));
}

export async function revertMove(id: string, context: Context): Promise<MovePayload> {
  return await withRun(context, await context.control().revertMove(id, actorOf(context.request), { waitMs }));
}

async function withRun({ catalog }: Context, tenant: Tenant): Promise<MovePayload> {
  const [run = null] = await catalog.findLatestRuns([tenant.id], 1);
  return { tenant, run };
}
