import { forgetLogin, openToPooler } from '../../clusters/pooler-access.ts';
import { acceptsConnections } from '../../tenant-databases/database.ts';
import type { RotationStep } from '../rotation-context.ts';

/** Where tenants are reached through a pooler that has a role for it: that one knows both logins from now on. */
export const poolerStep: RotationStep = {
  name: 'pooler',
  run: async (context) => {
    const { cluster } = context;
    const authUser = cluster.tenants?.authUser ?? null;
    if (authUser !== null) await context.exclusively(async () => await openToPooler(cluster, authUser, context.signIn()));
  },
  undo: async (context) => {
    const { databaseName, newLogin: roleName } = context.input;
    await context.exclusively(async (session) => {
      if (await acceptsConnections(session, databaseName)) await forgetLogin(context.cluster, { databaseName, roleName });
    });
  },
};
