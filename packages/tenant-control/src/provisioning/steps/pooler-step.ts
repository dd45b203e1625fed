import { openToPooler } from '../../clusters/pooler-access.ts';
import type { ProvisioningStep } from '../step.ts';

/** Where tenants are reached through a pooler that has a role for it: lets that in. */
export const poolerStep: ProvisioningStep = {
  name: 'pooler',
  run: async ({ tenant, cluster }) => {
    const authUser = cluster.tenants?.authUser ?? null;
    if (authUser !== null) await openToPooler(cluster, authUser, tenant);
  },
  // Goes with the database.
  undo: async () => {},
};
