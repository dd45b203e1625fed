import type { Backup } from '@tenantry/tenant-control';
import { formatBytes } from '../output/bytes.ts';
import { formatCard } from '../output/card.ts';
import { formatInstant } from '../output/instant.ts';
import type { Json } from '../output/print.ts';
import type { Column } from '../output/table.ts';

/** How help calls an argument that is a backup's id. */
export const backupArgument = ['<backup>', 'its id, as "backup list" shows it'] as const;

export function backupJson({ startedAt, finishedAt, verifiedAt, expiresAt, ...backup }: Backup): Json {
  const instants = { finishedAt: isoOrNull(finishedAt), verifiedAt: isoOrNull(verifiedAt), expiresAt: isoOrNull(expiresAt) };
  return { ...backup, startedAt: startedAt.toISOString(), ...instants };
}

export const backupColumns: readonly Column<Backup>[] = [
  { heading: 'BACKUP', cell: ({ id }) => id },
  { heading: 'STATE', cell: ({ state }) => state },
  { heading: 'BEGAN', cell: ({ startedAt }) => formatInstant(startedAt) },
  { heading: 'SIZE', cell: ({ bytes }) => (bytes === null ? null : formatBytes(bytes)) },
  { heading: 'REASON', cell: ({ reason }) => reason, isDispensable: true },
  { heading: 'FORMAT', cell: ({ format }) => format, isDispensable: true },
  { heading: 'VERIFIED', cell: ({ verifiedAt }) => instantOrNull(verifiedAt), isDispensable: true },
  { heading: 'EXPIRES', cell: ({ expiresAt }) => instantOrNull(expiresAt), isDispensable: true },
];

export function backupCard(backup: Backup): string {
  const { id, tenantId, format, reason, state, store, key, schemaVersion, bytes, checksum, error, startedAt, ...instants } = backup;
  const { finishedAt, verifiedAt, expiresAt } = instants;
  return formatCard({
    backup: id,
    tenant: tenantId,
    state,
    reason,
    format,
    store,
    key,
    schema: schemaVersion,
    size: bytes === null ? null : formatBytes(bytes),
    checksum,
    began: formatInstant(startedAt),
    finished: instantOrNull(finishedAt),
    verified: instantOrNull(verifiedAt),
    expires: instantOrNull(expiresAt),
    error,
  });
}

function instantOrNull(instant: Date | null): string | null {
  return instant && formatInstant(instant);
}

function isoOrNull(instant: Date | null): string | null {
  return instant && instant.toISOString();
}
