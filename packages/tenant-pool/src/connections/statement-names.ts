import type { SqlQuery } from '@prisma/driver-adapter-utils';
import { LRUCache } from 'lru-cache';

/** Names at most, and so statements that one connection may come to keep on the server, at some 20 kB each. */
const maxNames = 100;
/** How often a statement is to be seen before it gets one: what is sent once or twice is not worth keeping. */
const runsBeforeNaming = 5;
/** Statements whose runs are counted at a time. */
const maxCandidates = 1000;
/** Characters of a statement that may get a name. Longer ones are lists of values, hardly ever the same. */
const longestText = 10_000;

/** The statements of this process that come again and again. Prisma sends the same text for every tenant. */
class FrequentStatements {
  readonly #names = new Map<string, string>();
  readonly #runs = new LRUCache<string, number>({ max: maxCandidates });

  has(sql: string): boolean {
    return this.#names.has(sql);
  }

  /** Takes note of a run. @returns the statement's name, if it has one now */
  nameOf(sql: string): string | undefined {
    const name = this.#names.get(sql);
    if (name !== undefined || this.#names.size >= maxNames || sql.length > longestText) return name;
    const runs = (this.#runs.get(sql) ?? 0) + 1;
    this.#runs.set(sql, runs);
    if (runs < runsBeforeNaming) return undefined;
    this.#runs.delete(sql);
    const given = `tenantry_${this.#names.size + 1}`;
    this.#names.set(sql, given);
    return given;
  }
}

const frequentStatements = new FrequentStatements();

/** Stands for "no name" with `pg` and with Postgres. */
const unnamed = '';

/**
 * The names under which the connections of one pool have their statements prepared, so that Postgres parses and plans them once a
 * connection. A name stands for the same text for as long as the process lives.
 */
export class StatementNames {
  /** Those that a change of the schema, or anything else beneath, has made unfit to be kept prepared, in that order; at most as many as have names. */
  readonly #distrusted = new Map<string, number>();

  /** Counts up whenever a statement is distrusted. */
  get age(): number {
    return this.#distrusted.size;
  }

  /** The name for a statement that is about to run; empty when it is not to be kept. */
  nameOf({ sql, args }: Pick<SqlQuery, 'sql' | 'args'>): string {
    // BEGIN and the like: without values a statement is sent in one message, which a name would make four of.
    if (args.length === 0 || this.#distrusted.has(sql)) return unnamed;
    return frequentStatements.nameOf(sql) ?? unnamed;
  }

  /** Whether a statement that began to run at `age` may have run under a name, and so as it was prepared before. */
  wasNamed({ sql, args }: Pick<SqlQuery, 'sql' | 'args'>, age: number): boolean {
    return args.length > 0 && frequentStatements.has(sql) && (this.#distrusted.get(sql) ?? age) >= age;
  }

  /** Has a statement that {@link wasNamed} sent without its name from now on. */
  distrust({ sql }: Pick<SqlQuery, 'sql'>): void {
    if (!this.#distrusted.has(sql)) this.#distrusted.set(sql, this.age);
  }
}
