/** Folder in the store below which all backups of a tenant are. */
export function backupsFolder(tenantId: string): string {
  return `tenants/${tenantId}/backups`;
}

export function backupKey(tenantId: string, backupId: string): string {
  return `${backupsFolder(tenantId)}/${backupId}`;
}
