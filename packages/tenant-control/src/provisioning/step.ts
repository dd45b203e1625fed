import type { PrismaClient } from '@tenantry/prisma/control';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import type { TenantSpecification } from './provision-input.ts';
import type { ReservedTenant } from './reservation.ts';

/** Everything that the steps of one provisioning share. */
export interface ProvisioningContext {
  readonly tenant: ReservedTenant;
  readonly specification: TenantSpecification;
  readonly cluster: ClusterAdmin;
  readonly db: PrismaClient;
}

export type StepName = 'reservation' | 'cluster' | 'role' | 'database' | 'pooler' | 'seed' | 'verification' | 'activation';

/**
 * One step of provisioning. Both directions look before they act, so that either may be tried again after it was interrupted
 * anywhere: `run` finds its work done or half done, `undo` finds nothing to undo.
 */
export interface ProvisioningStep {
  readonly name: StepName;
  run(context: ProvisioningContext): Promise<void>;
  undo(context: ProvisioningContext): Promise<void>;
}
