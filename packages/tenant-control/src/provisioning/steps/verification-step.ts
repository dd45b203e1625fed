import { checkPlacement } from '@tenantry/tenant-pool';
import { findPlacement } from '../../catalog/find-placement.ts';
import { verifyDatabase } from '../../tenant-databases/verification.ts';
import { goesWithDatabase, type ProvisioningStep } from '../step.ts';

/** Uses the database as the tenant will, and on the way that its connections will take. */
export const verificationStep: ProvisioningStep = {
  name: 'verification',
  beginsAtOnce: true,
  run: async (context) => {
    const { cluster, db, tenant } = context;
    await verifyDatabase(await context.asTenant());
    const placement = cluster.admin.tenants && (await findPlacement(db, tenant.id));
    if (placement) await checkPlacement(placement, { password: (await context.login()).password, service: 'control' });
  },
  undo: goesWithDatabase,
};
