import { exportTenant, type ExportTenantOptions, type TenantExport } from '../tenant-export/export-tenant.ts';
import { findExports, removeExport } from '../tenant-export/kept-exports.ts';
import type { StoredExport } from '../tenant-export/stored-exports.ts';
import type { LifeServices } from '../life/services.ts';
import type { Actor } from '../tenant.ts';
import type { ErasureCertificate } from './certificate.ts';
import { eraseTenant, type EraseOptions } from './erase-tenant.ts';

/** What those whose data a tenant's is may ask for: to have it (GDPR Art. 15 and 20), and to have nothing of it stay (Art. 17). */
export interface DataRights {
  /**
   * Gives out all of a tenant's data, as NDJSON with a manifest, while it is used.
   *
   * @throws {TenantNotFoundError} {ExportRefusedError} {TenantInTransitionError} {BackupsMissingError} {ExportOvertakenError} {BadInputError}
   * {BackupFormatError} {BackupStoreError}, and the signal's reason; nothing is left in the store then
   */
  exportTenant(id: string, actor: Actor, options?: ExportTenantOptions): Promise<TenantExport>;
  /** The exports in the store, the newest first. @throws {TenantNotFoundError} {BackupsMissingError} {BackupStoreError} */
  findExports(id: string): Promise<StoredExport[]>;
  /** Removes an export from the store. @throws {TenantNotFoundError} {NoSuchExportError} {BackupsMissingError} {BackupStoreError} */
  removeExport(id: string, key: string, actor: Actor): Promise<StoredExport>;
  /**
   * Leaves nothing of a tenant, whatever its status, but its id and a signed certificate of what was removed. There is no way back; what
   * fails is tried again until it succeeds. Of a tenant that was erased before, the certificate is given back.
   *
   * @throws {TenantNotFoundError} {ErasureNotConfirmedError} {TenantInTransitionError} {TenantChangeError} {ClusterMissingError}
   */
  eraseTenant(id: string, actor: Actor, options: EraseOptions): Promise<ErasureCertificate>;
}

export function openDataRights(services: LifeServices): DataRights {
  return {
    exportTenant: async (id, actor, options = {}) => await exportTenant(id, actor, options, services),
    findExports: async (id) => await findExports(id, services),
    removeExport: async (id, key, actor) => await removeExport(id, key, actor, services),
    eraseTenant: async (id, actor, options) => await eraseTenant(id, actor, options, services),
  };
}
