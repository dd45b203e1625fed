import { dropLogin, makeLogin } from '../../tenant-databases/login.ts';
import type { RotationStep } from '../rotation-context.ts';

/** The role that will sign in, and act as the one that owns the database. */
export const loginStep: RotationStep = {
  name: 'login',
  run: async (context) => {
    const { newLogin, input, middle } = context;
    const { password } = context.signIn();
    await context.exclusively(async (session) => await makeLogin(session, newLogin, { password, like: input.oldLogin, onPart: middle }));
  },
  undo: async (context) => {
    const { newLogin, cluster, middle } = context;
    await context.exclusively(async (session) => await dropLogin(cluster, session, newLogin, middle));
  },
};
