import type { Prisma } from '@tenantry/prisma/tenant';

/** One tenant's database, within a transaction or not: what a store works on. */
export type Database = Omit<Prisma.TransactionClient, '$transaction'>;
