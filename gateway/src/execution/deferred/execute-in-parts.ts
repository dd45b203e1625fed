import type { OperationRequest } from '../executable-operation.ts';
import type { JsonObject } from '../json.ts';
import type { OperationResult } from '../operation-result.ts';
import { cursorAtRoot, startRun, type PlanRun } from '../plan/plan-run.ts';
import type { IntrospectionData } from '../shape/complete.ts';
import type { ResponsePart } from './compile-parts.ts';
import { isTelling, resultsOf, type DeferredResult } from './deferred-results.ts';

/** A response in parts. */
export interface PartedResult {
  readonly initial: OperationResult;
  /** What was deferred, as it comes in; several objects at once where they belong to one part. Ends with the last. */
  readonly subsequent: AsyncIterable<readonly DeferredResult[]>;
}

/** Executes an operation whose response is delivered in parts; resolves once the first is there. */
export async function executeInParts(
  part: ResponsePart,
  request: OperationRequest,
  introspection: IntrospectionData,
): Promise<PartedResult> {
  const run = new PartedRun(request);
  const [initial] = await run.start(part, null, introspection).results;
  return { initial: toOperationResult(initial), subsequent: run.subsequent() };
}

function toOperationResult(result: DeferredResult | undefined): OperationResult {
  const { data = null, errors } = result ?? {};
  return errors ? { data, errors } : { data };
}

interface StartedPart {
  /** When everything of the part itself is in the data. */
  readonly fetched: Promise<void>;
  readonly results: Promise<readonly DeferredResult[]>;
}

/** All parts of one response: they share the data, and each has its own errors. */
class PartedRun {
  readonly #request: OperationRequest;
  readonly #data: JsonObject = {};
  readonly #fetched = new Map<string, PromiseWithResolvers<void>>();
  readonly #deliveries: Promise<readonly DeferredResult[]>[] = [];

  constructor(request: OperationRequest) {
    this.#request = request;
  }

  /** @param around the part that this one was deferred from; null for the first */
  start(part: ResponsePart, around: StartedPart | null, introspection: IntrospectionData = {}): StartedPart {
    const run: PlanRun = { ...startRun(this.#request), data: this.#data, onFetched: (id) => this.#whenFetched(id).resolve() };
    const fetched = part.step(run, cursorAtRoot(run));
    const complete = async (): Promise<readonly DeferredResult[]> => {
      await fetched;
      return resultsOf(part, run, (await around?.results) ?? null, introspection);
    };
    const started = { fetched, results: complete() };
    for (const deferred of part.deferred) this.#begin(deferred, started);
    return started;
  }

  #begin(part: ResponsePart, around: StartedPart): void {
    const delivery = this.#deliver(part, around);
    // Whoever goes away before the end takes no delivery.
    delivery.catch(() => {});
    this.#deliveries.push(delivery);
  }

  /** A part is begun when what it builds upon has been fetched, and delivered after the part that it was deferred from. */
  async #deliver(part: ResponsePart, around: StartedPart): Promise<readonly DeferredResult[]> {
    const dependencies = Promise.all(part.depends.map(async (id) => await this.#whenFetched(id).promise));
    await Promise.race([around.fetched, dependencies]);
    const results = await this.start(part, around).results;
    return results.filter(isTelling);
  }

  #whenFetched(id: string): PromiseWithResolvers<void> {
    const known = this.#fetched.get(id) ?? Promise.withResolvers<void>();
    this.#fetched.set(id, known);
    return known;
  }

  async *subsequent(): AsyncIterable<readonly DeferredResult[]> {
    const waiting = new Map<number, Promise<number>>();
    // Parts that are begun later bring deliveries of their own.
    for (let begun = 0; begun < this.#deliveries.length || waiting.size > 0;) {
      for (; begun < this.#deliveries.length; begun++) waiting.set(begun, this.#arrival(begun));
      const arrived = await Promise.race(waiting.values());
      waiting.delete(arrived);
      const results = await this.#deliveries[arrived];
      if (results && results.length > 0) yield results;
    }
  }

  async #arrival(index: number): Promise<number> {
    await this.#deliveries[index];
    return index;
  }
}
