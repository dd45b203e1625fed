import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from '@tenantry/prisma/tenant';

/** A `PrismaClient` for each tenant, made when it is first wanted and kept for good: what tutorials for a database per tenant have. */
export class TenantClients implements AsyncDisposable {
  readonly #urls: ReadonlyMap<string, string>;
  readonly #clients = new Map<string, PrismaClient>();

  /** @param urls of the databases, by tenant */
  constructor(urls: ReadonlyMap<string, string>) {
    this.#urls = urls;
  }

  clientOf(tenantId: string): PrismaClient {
    const known = this.#clients.get(tenantId);
    if (known) return known;
    const connectionString = this.#urls.get(tenantId);
    if (connectionString === undefined) throw new Error(`There is no tenant ${tenantId}.`);
    const client = new PrismaClient({ adapter: new PrismaPg({ connectionString }) });
    this.#clients.set(tenantId, client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#clients.values()].map(async (client) => await client.$disconnect()));
  }
}
