import type { ProvisioningStep } from '../step.ts';

/** Comes before anything is made on the cluster: one that is down is found out while there is nothing to undo there. */
export const clusterStep: ProvisioningStep = {
  name: 'cluster',
  beginsAtOnce: true,
  run: async (context) => {
    const { cluster } = context;
    // What the next steps begin with, each over a connection of its own.
    await Promise.all([cluster.admin.prepare(), cluster.session(), context.login()]);
  },
  undo: async () => {},
};
