import { UnsupportedOperationError } from '../errors.ts';
import type { TenantDb } from '../lease.ts';
import type { GeneratedClient } from './client-module.ts';
import type { HandleGrant } from './grant.ts';
import { viewOf } from './handle-view.ts';
import { perform, reported, workOf, type Operation, type Route } from './operation.ts';
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
 * A handle and what its callers extend it to. The extensions of a client run in the order in which they were made, so an
 * extended handle has a first one, which admits and reports an operation, then its callers', then one that sends it on: what
 * a caller's extension does with an operation, now or later, ends up there. A handle that is not extended has both in one.
 */
class Handle {
  readonly #client: GeneratedClient;
  readonly #route: Route;
  readonly #grant: HandleGrant;
  readonly #transactions: Transactions;

  constructor({ client, route, grant }: HandleOptions) {
    this.#client = client;
    this.#route = route;
    this.#grant = grant;
    this.#transactions = new Transactions({ client, route, grant });
  }

  open(): object {
    const client = this.#client.$extends(this.#firstExtension((operation) => this.#route.send(operation)));
    const handle: object = viewOf(client, {
      parent: () => undefined,
      extend: (extension) => this.#extend(handle, this.#client.$extends(this.#firstExtension(goOn)), extension),
    });
    this.#transactions.know(handle, { ancestors: 0, steps: 0, isTransaction: false });
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
    this.#transactions.know(handle, { ancestors, steps: 2, isTransaction: false });
    return handle;
  }

  #firstExtension(next: (operation: Operation) => PromiseLike<unknown>): object {
    const $allOperations = async (operation: Operation) =>
      await reported(this.#grant, operation, async () => await perform(this.#grant, workOf(operation), () => next(operation)));
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
    const $allOperations = async (operation: Operation) => await perform(this.#grant, workOf(operation), () => this.#route.send(operation));
    return { query: { $allOperations } };
  }
}

function goOn({ args, query }: Operation): PromiseLike<unknown> {
  return query(args);
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
