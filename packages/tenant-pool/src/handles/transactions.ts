import { abandonable } from '@tenantry/service';
import { UnsupportedOperationError } from '../errors.ts';
import type { GeneratedClient } from './client-module.ts';
import type { HandleGrant } from './grant.ts';
import { viewOf } from './handle-view.ts';
import { explained, perform, reported, type Route } from './operation.ts';

/** Where a client stands among those it was extended from. */
export interface Line {
  /** How many come before it. */
  readonly ancestors: number;
  /** How many of Prisma's `$parent` lead to the one before it. */
  readonly steps: number;
  readonly isTransaction: boolean;
}

export interface TransactionsOptions {
  client: GeneratedClient;
  route: Route;
  grant: HandleGrant;
}

type TransactionWork = (tx: object) => Promise<unknown>;

/** The interactive transactions of a handle and of all that it is extended to. */
export class Transactions {
  readonly #client: GeneratedClient;
  readonly #route: Route;
  readonly #grant: HandleGrant;
  readonly #lines = new WeakMap<WeakKey, Line>();

  constructor({ client, route, grant }: TransactionsOptions) {
    this.#client = client;
    this.#route = route;
    this.#grant = grant;
  }

  /** Makes `client` one that transactions can be run on. */
  know(client: object, line: Line): void {
    this.#lines.set(client, line);
  }

  /**
   * Runs `work` in a transaction of `client`; if that is a transaction itself, in one within it.
   *
   * @throws {UnsupportedOperationError} for the array form: Prisma collects it from promises, whose handles it does not ask
   */
  async run(client: unknown, work: unknown, options?: object): Promise<unknown> {
    if (!isTransactionWork(work)) {
      throw new UnsupportedOperationError('Use the callback form: db.$transaction(async (tx) => { … }).');
    }
    const line = typeof client === 'object' && client !== null ? this.#lines.get(client) : undefined;
    if (!line) throw new UnsupportedOperationError('Call $transaction as a method of the handle: db.$transaction(…).');
    return await reported(this.#grant, { operation: '$transaction' }, async () => await this.#transact(client, line, work, options));
  }

  async #transact(client: unknown, line: Line, work: TransactionWork, options: object | undefined): Promise<unknown> {
    let thrown: { error: unknown } | undefined;
    const guarded: TransactionWork = async (tx) => {
      try {
        // Rolled back at once when its lease is revoked, whatever the work waits for.
        const result = await abandonable(work(this.#viewOf(tx, line)), this.#grant.revoked);
        this.#assertAllowed();
        return result;
      } catch (error) {
        thrown = { error };
        throw error;
      }
    };
    return await perform(
      this.#grant,
      line.isTransaction ? 'within-transaction' : 'transaction',
      async () => await this.#route.run(async () => await this.#client.$transaction.call(client, guarded, options)),
      // What the work throws is its caller's own, and not to be taken for a failure of the tenant's database.
      (error) => (thrown?.error === error ? error : explained(this.#grant, error)),
    );
  }

  /** Has a transaction rolled back whose lease was revoked, even if its work did not notice. */
  #assertAllowed(): void {
    this.#grant.enter('within-transaction');
    this.#grant.leave('within-transaction');
  }

  /** @param steps how many of Prisma's `$parent` lead from `tx` to the one before it */
  #viewOf(tx: object, { ancestors, steps }: Pick<Line, 'ancestors' | 'steps'>): object {
    const parent = () => (ancestors === 0 ? undefined : this.#viewOf(ancestorOf(tx, steps), { ancestors: ancestors - 1, steps: 1 }));
    const view = viewOf(tx, { parent });
    this.know(view, { ancestors, steps, isTransaction: true });
    return view;
  }
}

function isTransactionWork(work: unknown): work is TransactionWork {
  return typeof work === 'function';
}

function ancestorOf(tx: object, steps: number): object {
  let ancestor: unknown = tx;
  for (let step = 0; step < steps; step += 1) ancestor = Object(ancestor).$parent;
  return Object(ancestor);
}
