import type { Prisma } from '@tenantry/prisma/tenant';
import { UnsupportedOperationError } from '../errors.ts';
import type { TenantDb } from '../lease.ts';
import type { GeneratedClient } from './client-module.ts';
import { toQuery, toRows } from './direct-read.ts';
import type { HandleGrant } from './grant.ts';
import { viewOf } from './handle-view.ts';
import { perform, performing, reported, workOf, type Operation, type OperationRequest, type Route } from './operation.ts';
import { plainView } from './plain-view.ts';
import { Transactions } from './transactions.ts';

export interface HandleOptions {
  /** Without extensions. */
  client: GeneratedClient;
  route: Route;
  grant: HandleGrant;
}

/** Binds `client` to a tenant, by `route`, for as long as `grant` allows. */
export function openHandle(options: HandleOptions): TenantDb {
  const handle = new Handle(options).open();
  assertTenantDb(handle);
  return handle;
}

/**
 * A handle and what its callers extend it to. A handle that is not extended is a view of the client that does each operation as the grant
 * allows; only unique lookups, which must not be batched, go through an extension. The extensions of a client run in the order in which
 * they were made, so an extended handle has a first one, which admits and reports an operation, then its callers', then one that sends it
 * on: what a caller's extension does with an operation, now or later, ends up there.
 */
class Handle {
  readonly #client: GeneratedClient;
  readonly #route: Route;
  readonly #grant: HandleGrant;
  readonly #transactions: Transactions;
  /** What the first extension has admitted and not seen the end of. */
  readonly #admitted = new WeakSet<OperationRequest>();

  constructor({ client, route, grant }: HandleOptions) {
    this.#client = client;
    this.#route = route;
    this.#grant = grant;
    this.#transactions = new Transactions({ client, route, grant });
  }

  open(): object {
    let lookups: object | undefined;
    const own = {
      ...refused,
      $extends: (extension: unknown) =>
        this.#extend(handle, this.#client.$extends(this.#firstExtension((operation) => this.#admit(operation))), extension),
      $transaction: async (work: unknown, options?: object) => await this.#transactions.run(handle, work, options),
      $read: async (sql: Prisma.Sql) => await this.#read(sql),
    };
    const handle: object = plainView(this.#client, {
      own,
      perform: performing(this.#grant, this.#route, 'operation'),
      lookups: () => (lookups ??= this.#client.$extends(this.#firstExtension((operation) => this.#send(operation)))),
    });
    this.#transactions.know(handle, { client: this.#client, ancestors: 0, steps: 0, isTransaction: false, isPlain: true });
    return handle;
  }

  /** @param base what `parent` is, without the extension that sends operations on */
  #extend(parent: object, base: GeneratedClient, extension: unknown, ancestors = 1): object {
    if (typeof extension === 'function') return extension(parent);
    if (typeof extension !== 'object' || extension === null) throw new UnsupportedOperationError('$extends takes an extension.');
    const extended = base.$extends(extension);
    const client = extended.$extends(this.#lastExtension());
    const handle: object = viewOf(client, {
      parent: () => parent,
      extend: (next) => this.#extend(handle, extended, next, ancestors + 1),
    });
    this.#transactions.know(handle, { client, ancestors, steps: 2, isTransaction: false, isPlain: false });
    return handle;
  }

  #firstExtension(next: (operation: Operation) => Promise<unknown>): object {
    const $allOperations = async (operation: Operation) => await reported(this.#grant, operation, () => next(operation));
    const transactions = this.#transactions;
    const client = {
      ...refused,
      async $transaction(this: unknown, work: unknown, options?: object) {
        return await transactions.run(this, work, options);
      },
    };
    return { query: { $allOperations }, client };
  }

  #lastExtension(): object {
    return { query: { $allOperations: async (operation: Operation) => await this.#send(operation) } };
  }

  /** Has an operation go on to the extensions of callers. What these throw is their own; the last extension explains the rest. */
  async #admit(operation: Operation): Promise<unknown> {
    const { args, query, __internalParams: request } = operation;
    const goOn = async () => {
      if (request) this.#admitted.add(request);
      try {
        return await query(args);
      } finally {
        if (request) this.#admitted.delete(request);
      }
    };
    return await perform(this.#grant, workOf(operation), goOn, (error) => error);
  }

  async #read(sql: Prisma.Sql): Promise<unknown> {
    const read = async () => toRows(await this.#route.query(toQuery(sql)));
    return await reported(this.#grant, { operation: '$read' }, () => perform(this.#grant, 'operation', read));
  }

  /** Sends an operation to the tenant's database. */
  async #send(operation: Operation): Promise<unknown> {
    const { __internalParams: request } = operation;
    const work = workOf(operation);
    const isPart = work === 'operation' && request !== undefined && this.#admitted.has(request);
    return await perform(this.#grant, isPart ? 'within-operation' : work, () => this.#route.send(operation));
  }
}

/** What would act on a client that is the pool's. */
const refused = { $connect: () => refuse('$connect'), $disconnect: () => refuse('$disconnect') };

function refuse(method: string): never {
  throw new UnsupportedOperationError(`${method} is not a handle's: connections are the pool's. Return the lease instead.`);
}

/** A client of whatever models; the pool's user says which. */
function assertTenantDb(client: object): asserts client is TenantDb {
  if (!('$transaction' in client && '$queryRaw' in client)) throw new TypeError('This is not a Prisma client.');
}
