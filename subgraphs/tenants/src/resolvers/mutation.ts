import type { Resolvers } from '@tenantry/subgraph-kit';
import { changeSettings, type SettingsInput } from '../change-settings.ts';
import type { TenantsContext } from '../context.ts';
import { provisionTenant, type ProvisionArguments } from '../provision-tenant.ts';
import { actorOf } from '../actor.ts';

export const mutationResolvers: Resolvers<TenantsContext> = {
  Mutation: {
    updateTenantSettings: async (_parent, { input }: { input: SettingsInput }, context) => await changeSettings(input, context),
    provisionTenant: async (_parent, provisionArguments: ProvisionArguments, context) => await provisionTenant(provisionArguments, context),
    suspendTenant: async (_parent, { id }: { id: string }, { control, request }) => ({
      tenant: await control().suspendTenant(id, actorOf(request)),
    }),
    resumeTenant: async (_parent, { id }: { id: string }, { control, request }) => ({
      tenant: await control().resumeTenant(id, actorOf(request)),
    }),
  },
};
