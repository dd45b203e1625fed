import type { Resolvers } from '@tenantry/subgraph-kit';
import type { Tenant } from '@tenantry/tenant-control';
import { actorOf } from '../actor.ts';
import type { TenantsContext } from '../context.ts';
import { renameTenant, type RenameArguments } from '../rename-tenant.ts';

type Keep = keyof typeof keeps;

interface Arguments {
  readonly id: string;
}

/** What the schema calls them, and what the control plane does. */
const keeps = { CLOSED: 'closed', DROPPED: 'dropped' } as const;

/** What becomes of a tenant between its provisioning and its end. */
export const lifeResolvers = {
  Mutation: {
    suspendTenant: async (_parent, { id }: Arguments, { control, request }) => ({
      tenant: await control().suspendTenant(id, actorOf(request)),
    }),
    resumeTenant: async (_parent, { id }: Arguments, { control, request }) => ({
      tenant: await control().resumeTenant(id, actorOf(request)),
    }),
    renameTenant: async (_parent, renameArguments: RenameArguments, context) => await renameTenant(renameArguments, context),
    changeTenantTier: async (_parent, { id, tier }: Arguments & Pick<Tenant, 'tier'>, { control, request }) => ({
      tenant: await control().changeTier(id, tier, actorOf(request)),
    }),
    deleteTenant: async (_parent, { id, graceDays }: Arguments & { graceDays: number | null }, { control, request }) => ({
      tenant: await control().deleteTenant(id, actorOf(request), { graceDays }),
    }),
    restoreTenant: async (_parent, { id }: Arguments, { control, request }) => ({
      tenant: await control().restoreTenant(id, actorOf(request)),
    }),
    purgeTenant: async (_parent, { id, early }: Arguments & { early: boolean | null }, { control, request }) => ({
      tenant: await control().purgeTenant(id, actorOf(request), { early }),
    }),
    hibernateTenant: async (_parent, { id, keep }: Arguments & { keep: Keep | null }, { control, request }) => ({
      tenant: await control().hibernateTenant(id, actorOf(request), { keep: keep && keeps[keep] }),
    }),
    wakeTenant: async (_parent, { id }: Arguments, { control, request }) => ({
      tenant: await control().wakeTenant(id, actorOf(request)),
    }),
  },
} satisfies Resolvers<TenantsContext>;
