import { forgetLogin } from '../../clusters/pooler-access.ts';
import { acceptsConnections } from '../../tenant-databases/database.ts';
import { closeOwner, dropLogin } from '../../tenant-databases/login.ts';
import type { RotationStep } from '../rotation-context.ts';

/** The old password opens nothing any more. The role that owns the database stays, as one that cannot sign in. */
export const retirementStep: RotationStep = {
  name: 'retirement',
  run: async (context) => {
    const { cluster, middle, oldLogin, input } = context;
    await context.exclusively(async (session) => {
      const isOwner = oldLogin.loginName === oldLogin.roleName;
      await (isOwner ? closeOwner(session, oldLogin.roleName, middle) : dropLogin(cluster, session, oldLogin, middle));
      const { databaseName } = input;
      if (await acceptsConnections(session, databaseName)) await forgetLogin(cluster, { databaseName, roleName: oldLogin.loginName });
    });
  },
  undo: async () => {},
};
