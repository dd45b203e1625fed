import { openToPooler } from '../../clusters/pooler-access.ts';
import { goesWithDatabase, type ProvisioningStep } from '../step.ts';

/** Where tenants are reached through a pooler that has a role for it: lets that in. */
export const poolerStep: ProvisioningStep = {
  name: 'pooler',
  run: async (context) => {
    const { admin } = context.cluster;
    const authUser = admin.tenants?.authUser ?? null;
    if (authUser !== null) await openToPooler(admin, authUser, await context.login());
  },
  undo: goesWithDatabase,
};
