import type { QueryPlan } from '@apollo/query-planner';
import { abandonable } from '@tenantry/service';
import type { OperationDefinitionNode } from 'graphql';
import { LRUCache } from 'lru-cache';
import { OperationTooComplexError } from '../errors.ts';
import { clientKey } from '../http/client-key.ts';
import type { GatewayContext } from '../http/gateway-context.ts';
import type { ValidOperation } from '../operation.ts';
import { canonicalText, parseCanonical, type CanonicalOperation } from './canonical-operation.ts';
import type { Planner } from './planner.ts';
import type { PlanCacheSize, PlanningMetrics } from './planning-metrics.ts';
import { Waiters } from './waiters.ts';

export interface PlanCacheLimits {
  /** Operations whose plans are kept at most. Default 10000. */
  operations: number;
  /** Bytes that they may take, by estimate. Default 128 MiB. */
  bytes: number;
}

export const defaultPlanCacheLimits: PlanCacheLimits = { operations: 10_000, bytes: 128 * 1024 * 1024 };

export interface PlanCacheOptions<Executable> {
  planner: Pick<Planner, 'plan'>;
  /** Makes what is kept of a planned operation. */
  makeExecutable: (plan: QueryPlan, operation: CanonicalOperation) => Executable;
  limits: PlanCacheLimits;
  metrics: PlanningMetrics;
}

/** An operation and how often it was asked for. */
export interface UsedOperation {
  readonly text: string;
  readonly uses: number;
}

/** Who asks for a plan, and whether they still wait. */
export type PlanCaller = Pick<GatewayContext, 'tenantContext' | 'signal'>;

/** An operation that is planned, and for whom. */
interface Planning<Executable> {
  readonly waiters: Waiters;
  readonly executable: Promise<Executable>;
}

type Entry<Executable> =
  | { readonly kind: 'planned'; readonly executable: Executable; readonly bytes: number; uses: number }
  /** Until `until`, by `performance.now()`. */
  | { readonly kind: 'refused'; readonly error: OperationTooComplexError; readonly bytes: number; readonly until: number };

/** Stands for the gateway itself among the clients that wait for plans. */
const gatewayKey = '';

/** Milliseconds that a refusal is repeated without planning again. */
const refusalMs = 30_000;

/**
 * Bytes of heap that an executable takes: measured over operations of 2 to 400 fields, each with one set of condition variables, at
 * most so many.
 */
const bytesPerOperation = 8_000;
/** And for each character of its text, and of its plan as JSON. */
const bytesPerCharacter = 20;

/**
 * What is made of plans, for one supergraph and whatever tenant: an operation's key is its canonical text. Every operation is planned
 * once at a time, and those that are used least make room.
 */
export class PlanCache<Executable> {
  readonly #options: PlanCacheOptions<Executable>;
  readonly #entries: LRUCache<string, Entry<Executable>>;
  readonly #planning = new Map<string, Planning<Executable>>();
  /** Parsed documents are kept and used again, so that most requests need not find out their operation's text. */
  readonly #texts = new WeakMap<OperationDefinitionNode, string>();

  constructor(options: PlanCacheOptions<Executable>) {
    this.#options = options;
    const { operations, bytes } = options.limits;
    this.#entries = new LRUCache({ max: operations, maxSize: bytes, sizeCalculation: (entry) => entry.bytes });
  }

  /**
   * @param operation valid in the API schema of the supergraph
   * @param caller whose operations are planned in turn with others'; their signal ends the waiting for a plan, while the planning goes on
   *   for others and, once begun, for the cache. Default: the gateway itself
   * @throws {OperationTooComplexError} {PlannerBusyError} {PlanningError}
   */
  async get(operation: ValidOperation, caller?: PlanCaller): Promise<Executable> {
    const text = this.#textOf(operation);
    const { metrics } = this.#options;
    const entry = this.#entries.get(text);
    if (entry?.kind === 'planned') {
      entry.uses++;
      metrics.lookedUp('cached');
      return entry.executable;
    }
    if (entry && performance.now() < entry.until) {
      metrics.lookedUp('refused');
      throw entry.error;
    }
    metrics.lookedUp(this.#underWay(text) ? 'joined' : 'planned');
    return await this.#planFor(text, 1, caller);
  }

  /** Plans an operation before it is asked for, as if it had been asked for `uses` times. */
  async prepare({ text, uses }: UsedOperation): Promise<void> {
    if (!this.#entries.has(text)) await this.#planFor(text, uses);
  }

  /** The most used operations that are kept, the foremost first. */
  mostUsed(limit: number): UsedOperation[] {
    const used: UsedOperation[] = [];
    for (const [text, entry] of this.#entries.entries()) if (entry.kind === 'planned') used.push({ text, uses: entry.uses });
    return used.toSorted((left, right) => right.uses - left.uses).slice(0, limit);
  }

  get size(): PlanCacheSize {
    return { operations: this.#entries.size, bytes: this.#entries.calculatedSize };
  }

  clear(): void {
    this.#entries.clear();
  }

  #textOf(operation: ValidOperation): string {
    const known = this.#texts.get(operation.operation);
    if (known !== undefined) return known;
    const text = canonicalText(operation);
    this.#texts.set(operation.operation, text);
    return text;
  }

  async #planFor(text: string, uses: number, caller?: PlanCaller): Promise<Executable> {
    caller?.signal.throwIfAborted();
    const current = this.#underWay(text);
    const waiters = current?.waiters ?? new Waiters();
    using _place = waiters.join(caller ? clientKey(caller.tenantContext) : gatewayKey);
    const { executable } = current ?? this.#begin(text, uses, waiters);
    return await abandonable(executable, caller?.signal);
  }

  #underWay(text: string): Planning<Executable> | undefined {
    const planning = this.#planning.get(text);
    return planning?.waiters.isClosed ? undefined : planning;
  }

  #begin(text: string, uses: number, waiters: Waiters): Planning<Executable> {
    const planning = { waiters, executable: this.#plan(text, uses, waiters) };
    this.#planning.set(text, planning);
    const forget = () => {
      if (this.#planning.get(text) === planning) this.#planning.delete(text);
    };
    planning.executable.then(forget, forget);
    return planning;
  }

  async #plan(text: string, uses: number, waiters: Waiters): Promise<Executable> {
    const { planner, makeExecutable } = this.#options;
    const operation = parseCanonical(text);
    const wasTooComplex = this.#entries.peek(text)?.kind === 'refused';
    try {
      const { plan, jsonLength } = await planner.plan(operation, { waiters, wasTooComplex });
      const executable = makeExecutable(plan, operation);
      const bytes = estimateBytes(text, jsonLength);
      this.#entries.set(text, { kind: 'planned', executable, bytes, uses });
      return executable;
    } catch (error) {
      if (error instanceof OperationTooComplexError) {
        this.#entries.set(text, { kind: 'refused', error, bytes: estimateBytes(text, 0), until: performance.now() + refusalMs });
      }
      throw error;
    }
  }
}

function estimateBytes(text: string, planLength: number): number {
  return bytesPerOperation + (text.length + planLength) * bytesPerCharacter;
}
