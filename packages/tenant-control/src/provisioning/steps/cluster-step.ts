import type { ProvisioningStep } from '../step.ts';

/** Comes before anything is made on the cluster: one that is down is found out while there is nothing to undo there. */
export const clusterStep: ProvisioningStep = {
  name: 'cluster',
  run: async ({ cluster }) => void (await cluster.admin.prepare()),
  undo: async () => {},
};
