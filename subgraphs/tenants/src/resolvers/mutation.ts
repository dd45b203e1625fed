import type { Resolvers } from '@tenantry/subgraph-kit';
import { changeSettings, type SettingsInput } from '../change-settings.ts';
import type { TenantsContext } from '../context.ts';
import { provisionTenant, type ProvisionArguments } from '../provision-tenant.ts';
import { actorOf } from '../actor.ts';
import { backupResolvers } from './backup.ts';
import { lifeResolvers } from './life.ts';
import { moveResolvers } from './move.ts';

export const mutationResolvers: Resolvers<TenantsContext> = {
  Mutation: {
    updateTenantSettings: async (_parent, { input }: { input: SettingsInput }, context) => await changeSettings(input, context),
    provisionTenant: async (_parent, provisionArguments: ProvisionArguments, context) => await provisionTenant(provisionArguments, context),
    ...lifeResolvers.Mutation,
    ...moveResolvers.Mutation,
    ...backupResolvers.Mutation,
    rotateTenantCredentials: async (_parent, { id, atOnce }: { id: string; atOnce: boolean | null }, { control, request }) => ({
      tenant: await control().rotateCredentials(id, actorOf(request), { atOnce }),
    }),
  },
};
