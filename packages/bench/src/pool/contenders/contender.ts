import { z } from 'zod';
import type { Prisma, PrismaClient } from '../../../generated/prisma/client.ts';

/** A client of a tenant's database, in the part that every contender has. */
export type Db = Omit<PrismaClient, '$connect' | '$disconnect' | '$on' | '$extends' | '$transaction'> & {
  $transaction<Result>(work: (tx: Prisma.TransactionClient) => Promise<Result>): Promise<Result>;
};

/** A way to reach many tenants' databases from one process. */
export interface Contender extends AsyncDisposable {
  /** Does `work` as a request of that tenant would. */
  use<Result>(tenantId: string, work: (db: Db) => Promise<Result>): Promise<Result>;
}

/** Which contender, and how it is set up: what a child process is told. */
export const contenderSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('tenantry'),
    strategy: z.enum(['shared-client', 'client-per-tenant']),
    /** Connections of the process, over all tenants. */
    connections: z.int(),
    connectionsPerTenant: z.int(),
  }),
  z.object({ kind: z.literal('map'), connectionsPerTenant: z.int(), keepsStatements: z.boolean().optional() }),
  z.object({ kind: z.literal('lru'), size: z.int(), connectionsPerTenant: z.int() }),
]);

export type ContenderSpec = z.infer<typeof contenderSchema>;
export type TenantrySpec = Extract<ContenderSpec, { kind: 'tenantry' }>;

export function contenderName(spec: ContenderSpec): string {
  if (spec.kind === 'tenantry') return spec.strategy === 'shared-client' ? 'tenantry' : 'tenantry, a client per tenant';
  return `PrismaClient per tenant, ${spec.kind === 'map' ? 'Map' : `LRU of ${spec.size}`}`;
}

/** With the limits that the pool has by default. */
export const tenantry = (overrides: Partial<TenantrySpec> = {}): TenantrySpec => ({
  kind: 'tenantry',
  strategy: 'shared-client',
  connections: 60,
  connectionsPerTenant: 4,
  ...overrides,
});
