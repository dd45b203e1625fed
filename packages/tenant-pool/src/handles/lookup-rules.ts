import { UnsupportedOperationError } from '../errors.ts';
import type { GeneratedClient } from './client-module.ts';
import { isRecord } from './is-record.ts';
import { conditionsOf, isPlainRecord, shapeOf, withoutSelections } from './unique-lookup.ts';

/** Shapes of lookups that are remembered at most. A program has as many as it has ways to write one. */
const maxShapes = 1000;

/**
 * Which unique lookups Prisma takes, and which names in them are those of compound uniques. A generated client does not tell the keys of
 * its models, so it is asked to look up what its callers would, where there is no database. It is not asked about a lookup that differs
 * in nothing but values from one that it took.
 */
export class LookupRules {
  readonly #client: GeneratedClient;
  readonly #apart: <Result>(work: () => Promise<Result>) => Promise<Result>;
  /** By model and shape: the compound uniques in it. */
  readonly #taken = new Map<string, readonly string[]>();

  /**
   * @param client without extensions
   * @param apart does work of the client where every query finds nothing
   */
  constructor(client: GeneratedClient, apart: <Result>(work: () => Promise<Result>) => Promise<Result>) {
    this.#client = client;
    this.#apart = apart;
  }

  /** The names of compound uniques in a lookup that Prisma is known to take; undefined for one that is to be learned. */
  known(model: string, lookup: unknown): readonly string[] | undefined {
    const shape = shapeOf(lookup);
    return shape === null ? undefined : this.#taken.get(model + shape);
  }

  /**
   * The names of compound uniques in a lookup.
   *
   * @throws {PrismaClientValidationError} when Prisma refuses it
   */
  async learn(model: string, lookup: unknown): Promise<readonly string[]> {
    await this.#ask(model, withoutSelections(lookup));
    const compound: string[] = [];
    for (const [name, value] of conditionsOf(lookup)) {
      if (isPlainRecord(value) && (await this.#isKey(model, name, value))) compound.push(name);
    }
    const shape = shapeOf(lookup);
    if (shape !== null && this.#taken.size < maxShapes) this.#taken.set(model + shape, compound);
    return compound;
  }

  /** Whether a part of a lookup would do by itself; a filter would not. */
  async #isKey(model: string, name: string, value: unknown): Promise<boolean> {
    try {
      await this.#ask(model, { where: { [name]: value } });
      return true;
    } catch (error) {
      if (error instanceof Error && error.name === 'PrismaClientValidationError') return false;
      throw error;
    }
  }

  /** In a transaction: outside, Prisma would send it amid whatever another tenant does in this tick, and to that one's database. */
  async #ask(model: string, lookup: unknown): Promise<void> {
    await this.#apart(async () => await this.#client.$transaction(async (tx) => await lookupsOf(tx, model).findUnique(lookup)));
  }
}

interface Lookups {
  findUnique(lookup: unknown): PromiseLike<unknown>;
}

function lookupsOf(client: object, model: string): Lookups {
  const delegate: unknown = Reflect.get(client, model);
  if (!hasLookups(delegate)) throw new UnsupportedOperationError(`This client has no model ${model}.`);
  return delegate;
}

function hasLookups(delegate: unknown): delegate is Lookups {
  return isRecord(delegate) && typeof delegate['findUnique'] === 'function';
}
