import { setTimeout as sleep } from 'node:timers/promises';
import { PrismaPg } from '@prisma/adapter-pg';
import { LRUCache } from 'lru-cache';
import { PrismaClient } from '../../../generated/prisma/client.ts';
import type { Contender } from './contender.ts';

interface Clients {
  get(tenantId: string): PrismaClient | undefined;
  set(tenantId: string, client: PrismaClient): unknown;
  values(): Iterable<PrismaClient>;
}

export interface ClientPerTenantOptions {
  urlOf: (tenantId: string) => string;
  connectionsPerTenant: number;
  /** Whether statements are prepared once a connection, as the pool's are. Prisma does so only when it is given names for them. Default false. */
  keepsStatements?: boolean;
  /** Clients kept at most; the least recently used one is disconnected. Default: all are kept for good. */
  size?: number;
}

/** Milliseconds that clients get to disconnect; one that waits for a dead server never does. */
const disconnectMs = 2000;

/**
 * What tutorials for one database per tenant do: a `PrismaClient` for each, made when first wanted, kept in a `Map` or an LRU. Errors are
 * as short as the pool has them: for any other format, Prisma looks for where each query was called.
 */
export function clientPerTenant({ urlOf, connectionsPerTenant: max, keepsStatements, size }: ClientPerTenantOptions): Contender {
  const clients: Clients =
    size === undefined ? new Map() : new LRUCache({ max: size, dispose: (client) => void client.$disconnect().catch(() => {}) });
  const clientFor = (tenantId: string): PrismaClient => {
    const known = clients.get(tenantId);
    if (known) return known;
    const adapter = new PrismaPg(
      { connectionString: urlOf(tenantId), max },
      keepsStatements ? { statementNameGenerator: statementNames() } : {},
    );
    const client = new PrismaClient({ adapter, errorFormat: 'minimal' });
    clients.set(tenantId, client);
    return client;
  };
  return {
    use: async (tenantId, work) => await work(clientFor(tenantId)),
    [Symbol.asyncDispose]: async () => {
      const disconnected = Promise.allSettled([...clients.values()].map(async (client) => await client.$disconnect()));
      await Promise.race([disconnected, sleep(disconnectMs, null, { ref: false })]);
    },
  };
}

/** Names for statements that have values; BEGIN and the like stay without. */
function statementNames(): (statement: { sql: string; args: readonly unknown[] }) => string {
  const names = new Map<string, string>();
  return ({ sql, args }) => {
    if (args.length === 0) return '';
    const name = names.get(sql) ?? `bench_${names.size + 1}`;
    names.set(sql, name);
    return name;
  };
}
