import { AsyncLocalStorage } from 'node:async_hooks';
import { Prisma, PrismaClient } from '@tenantry/prisma/tenant';
import { UnsupportedOperationError } from '../errors.ts';
import type { TenantDb } from '../lease.ts';
import type { HandleGrant } from './grant.ts';
import { switchingAdapterFactory } from './switching-adapter.ts';
import { asFirstLookup, type UniqueLookup } from './unique-lookup.ts';

export interface TenantHandlesOptions {
  /** Milliseconds that an interactive transaction may wait for its connection. Prisma's own default is 2000. */
  transactionWaitMs: number;
}

/** Handles of many tenants over one Prisma client: one query compiler and one plan cache for all. */
export interface TenantHandles extends AsyncDisposable {
  /** Binds a client to `grant`. Whatever it does runs against that grant's adapter, wherever and whenever it is awaited. */
  readonly handleFor: (grant: HandleGrant) => TenantDb;
}

interface Model {
  readonly fields: object;
  findFirst(lookup: UniqueLookup): PromiseLike<unknown>;
  findFirstOrThrow(lookup: UniqueLookup): PromiseLike<unknown>;
}

interface Operation {
  args: unknown;
  query: (args: unknown) => PromiseLike<unknown>;
}

type TransactionWork = (tx: Prisma.TransactionClient) => Promise<unknown>;
type TransactionOptions = Parameters<TenantDb['$transaction']>[1];

export function createTenantHandles({ transactionWaitMs }: TenantHandlesOptions): TenantHandles {
  const current = new AsyncLocalStorage<HandleGrant>();
  const shared = new PrismaClient({
    adapter: switchingAdapterFactory(() => current.getStore()?.adapter),
    errorFormat: 'minimal',
    transactionOptions: { maxWait: transactionWaitMs },
  });

  const perform = async <Result>(grant: HandleGrant, operation: () => PromiseLike<Result>): Promise<Result> => {
    grant.enter();
    try {
      // Awaited inside: a Prisma promise is lazy and takes the tenant from where it is awaited.
      return await current.run(grant, async () => await operation());
    } finally {
      grant.leave();
    }
  };

  const ask = async (grant: HandleGrant, operation: () => PromiseLike<unknown>): Promise<unknown> => {
    try {
      return await perform(grant, operation);
    } catch (error) {
      throw grant.explain(error);
    }
  };

  const transact = async (grant: HandleGrant, client: unknown, work: TransactionWork, options: TransactionOptions): Promise<unknown> => {
    let thrown: { error: unknown } | undefined;
    const guarded: TransactionWork = async (tx) => {
      try {
        return await work(tx);
      } catch (error) {
        thrown = { error };
        throw error;
      }
    };
    try {
      return await perform(grant, () => shared.$transaction.call(client, guarded, options));
    } catch (error) {
      throw thrown && thrown.error === error ? error : grant.explain(error);
    }
  };

  const handleFor = (grant: HandleGrant): TenantDb => {
    const client = {
      ...refused,
      async $transaction(this: unknown, work: unknown, options?: TransactionOptions): Promise<unknown> {
        if (!isTransactionWork(work)) {
          throw new UnsupportedOperationError('Use the callback form: db.$transaction(async (tx) => { … }).');
        }
        return await transact(grant, Prisma.getExtensionContext(this), work, options);
      },
    };
    const $allOperations = async ({ args, query }: Operation) => await ask(grant, () => query(args));
    const handle = shared.$extends({ query: { $allOperations }, model: uniqueLookups, client });
    assertTenantDb(handle);
    return handle;
  };

  return { handleFor, [Symbol.asyncDispose]: async () => await shared.$disconnect() };
}

/**
 * Prisma sends the `findUnique` calls of one tick as one batch, whichever tenants they belong to; `findFirst` is never batched.
 */
const uniqueLookups = {
  $allModels: {
    findUnique(this: Model, lookup: UniqueLookup): PromiseLike<unknown> {
      const model = Prisma.getExtensionContext(this);
      return model.findFirst(asFirstLookup(lookup, (name) => name in model.fields));
    },
    findUniqueOrThrow(this: Model, lookup: UniqueLookup): PromiseLike<unknown> {
      const model = Prisma.getExtensionContext(this);
      return model.findFirstOrThrow(asFirstLookup(lookup, (name) => name in model.fields));
    },
  },
};

/** What would act on the client that all tenants share. */
const refused = {
  $connect: () => refuse('$connect'),
  $disconnect: () => refuse('$disconnect'),
  $parent: undefined,
};

function refuse(method: string): never {
  throw new UnsupportedOperationError(`${method} is not a handle's: connections are the pool's. Return the lease instead.`);
}

/** Prisma describes an extended client in other types than the same client before. The extension adds no method to it. */
function assertTenantDb(client: object): asserts client is TenantDb {
  if (!('$transaction' in client && '$queryRaw' in client)) throw new TypeError('This is not a Prisma client.');
}

function isTransactionWork(work: unknown): work is TransactionWork {
  return typeof work === 'function';
}
