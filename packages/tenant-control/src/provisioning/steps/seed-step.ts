import { inviteFirstOwner } from '../../tenant-databases/first-owner.ts';
import { goesWithDatabase, type ProvisioningStep } from '../step.ts';

/** Rows that only this tenant has. The settings every tenant starts with come with the template. */
export const seedStep: ProvisioningStep = {
  name: 'seed',
  run: async (context) => {
    const { firstOwner } = context.input.specification;
    if (firstOwner) await inviteFirstOwner(await context.asTenant(), firstOwner);
  },
  undo: goesWithDatabase,
};
