import type { Tenant } from '@tenantry/tenant-control';
import { formatCard } from '../output/card.ts';
import { formatDay, formatInstant } from '../output/instant.ts';
import { printOne, sentence, type Json } from '../output/print.ts';
import type { Column } from '../output/table.ts';
import type { Session } from '../session.ts';
import { describeSize, type TenantSize } from './tenant-size.ts';

export function tenantJson({ clusterName, createdAt, lastActiveAt, purgeAfter, ...tenant }: Tenant): Readonly<Record<string, Json>> {
  const { id, slug, name, tier, status, schemaVersion } = tenant;
  const instants = { createdAt: createdAt.toISOString(), lastActiveAt: isoOrNull(lastActiveAt), purgeAfter: isoOrNull(purgeAfter) };
  return { id, slug, name, tier, status, cluster: clusterName, schemaVersion, ...instants };
}

function isoOrNull(instant: Date | null): string | null {
  return instant && instant.toISOString();
}

export const tenantColumns: readonly Column<Tenant>[] = [
  { heading: 'SLUG', cell: ({ slug }) => slug, leastWidth: 12 },
  { heading: 'NAME', cell: ({ name }) => name, leastWidth: 12 },
  { heading: 'STATUS', cell: ({ status }) => status },
  { heading: 'TIER', cell: ({ tier }) => tier },
  { heading: 'CLUSTER', cell: ({ clusterName }) => clusterName, leastWidth: 8, isDispensable: true },
  { heading: 'CREATED', cell: ({ createdAt }) => formatDay(createdAt), isDispensable: true },
];

/** @param size null where it is not known */
export function tenantCard(tenant: Tenant, size: TenantSize | null = null): string {
  const { id, slug, name, tier, status, clusterName, schemaVersion, ...instants } = tenant;
  const { createdAt, lastActiveAt, purgeAfter } = instants;
  return formatCard({
    slug,
    name,
    id,
    status,
    tier,
    cluster: clusterName,
    schema: schemaVersion,
    size: size && describeSize(size),
    created: formatInstant(createdAt),
    'last active': lastActiveAt && formatInstant(lastActiveAt),
    'purged after': purgeAfter && formatInstant(purgeAfter),
  });
}

/** Prints the tenant as JSON, else a sentence about it. */
export function printChanged(session: Session, tenant: Tenant, text: string): void {
  printOne(session, tenantJson(tenant), () => sentence(session, text));
}
