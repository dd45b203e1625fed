import type { SqlDriverAdapterFactory } from '@prisma/driver-adapter-utils';

/**
 * A client that Prisma generated, as the pool uses it: its `client.ts`, imported whole. Its models include those of
 * `@tenantry/prisma/tenant`; more of them are welcome.
 */
export interface TenantClientModule {
  readonly PrismaClient: new (options: TenantClientOptions) => GeneratedClient;
}

export interface TenantClientOptions {
  adapter: SqlDriverAdapterFactory;
  errorFormat: 'minimal';
  /** Milliseconds that an interactive transaction may wait for its connection. */
  transactionOptions: { maxWait: number };
}

/** What of a Prisma client does not depend on its models. */
export interface GeneratedClient {
  $extends(extension: object): GeneratedClient;
  $transaction(work: (tx: object) => Promise<unknown>, options?: object): Promise<unknown>;
  $disconnect(): Promise<void>;
}
