import { TenantryError } from '@tenantry/service';

/** Raised when something needs a cluster's administrator in a process that was given none. */
export class ControlMissingError extends TenantryError {
  readonly code = 'INTERNAL_SERVER_ERROR';

  constructor() {
    super('This process manages no clusters: set TENANT_CLUSTERS for the tenants subgraph.');
  }
}

/** Every `TenantUserError.code` of the schema. */
export type TenantUserErrorCode =
  | 'INVALID_LOCALE'
  | 'INVALID_TIME_ZONE'
  | 'INVALID_INVITATION_DAYS'
  | 'INVALID_SLUG'
  | 'INVALID_NAME'
  | 'INVALID_EMAIL';

/** Something that the caller of a mutation can put right. */
export interface TenantUserError {
  readonly code: TenantUserErrorCode;
  /** Path of the input field at fault. */
  readonly field: string;
  readonly message: string;
}
