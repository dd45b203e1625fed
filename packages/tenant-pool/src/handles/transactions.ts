import { abandonable } from '@tenantry/service';
import { UnsupportedOperationError } from '../errors.ts';
import type { GeneratedClient } from './client-module.ts';
import type { HandleGrant } from './grant.ts';
import { viewOf } from './handle-view.ts';
import { explained, perform, performing, reported, type Route } from './operation.ts';
import { plainView } from './plain-view.ts';

/** What lies behind a view, and where that stands among the clients it was extended from. */
export interface Line {
  readonly client: object;
  /** How many come before it. */
  readonly ancestors: number;
  /** How many of Prisma's `$parent` lead to the one before it. */
  readonly steps: number;
  readonly isTransaction: boolean;
  /** Whether it has no extensions, so that its view has to do what they would. */
  readonly isPlain: boolean;
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

  /** Makes `view` one that transactions can be run on. */
  know(view: object, line: Line): void {
    this.#lines.set(view, line);
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
    return await reported(this.#grant, { operation: '$transaction' }, async () => await this.#transact(line, work, options));
  }

  async #transact(line: Line, work: TransactionWork, options: object | undefined): Promise<unknown> {
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
      async () => await this.#route.run(async () => await this.#client.$transaction.call(line.client, guarded, options)),
      // What the work throws is its caller's own, and not to be taken for a failure of the tenant's database.
      (error) => (thrown?.error === error ? error : explained(this.#grant, error)),
    );
  }

  /** Has a transaction rolled back whose lease was revoked, even if its work did not notice. */
  #assertAllowed(): void {
    this.#grant.enter('within-transaction');
    this.#grant.leave('within-transaction');
  }

  #viewOf(tx: object, { isPlain, ancestors, steps }: Pick<Line, 'isPlain' | 'ancestors' | 'steps'>): object {
    const view = isPlain ? this.#plainViewOf(tx) : viewOf(tx, { parent: () => this.#parentOf(tx, ancestors, steps) });
    this.know(view, { client: tx, ancestors, steps, isTransaction: true, isPlain });
    return view;
  }

  #plainViewOf(tx: object): object {
    const own = { $transaction: async (work: unknown, options?: object) => await this.run(view, work, options) };
    const view: object = plainView(tx, { own, perform: performing(this.#grant, this.#route, 'within-transaction') });
    return view;
  }

  /** @param steps how many of Prisma's `$parent` lead from `tx` to the one before it */
  #parentOf(tx: object, ancestors: number, steps: number): object | undefined {
    if (ancestors === 0) return undefined;
    return this.#viewOf(ancestorOf(tx, steps), { isPlain: false, ancestors: ancestors - 1, steps: 1 });
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
