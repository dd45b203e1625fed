import { z } from 'zod';
import type { Faults } from '../world/faults.ts';
import { answerFaultily, type WorldOperation } from '../world/faulty-fetch.ts';
import { stableJson } from '../world/hash.ts';
import type { SubgraphData } from '../world/subgraph.ts';
import type { WorldSupergraph } from '../world/world-supergraph.ts';
import type { World } from '../world/world.ts';
import { Turnstile } from './turnstile.ts';

export interface ReceivedOperation {
  readonly subgraph: string;
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

export interface RecordedWorldOptions {
  readonly supergraph: WorldSupergraph;
  readonly world: World;
  readonly faults: Faults;
  /** Decides which of several answers comes first. */
  readonly seed: number;
}

const asSent = z.record(z.string(), z.unknown());

/** The subgraphs as one executor meets them, and what they received of it, in the order in which they answered. */
export class RecordedWorld {
  readonly received: ReceivedOperation[] = [];
  readonly #options: RecordedWorldOptions;
  readonly #turnstile: Turnstile;

  constructor(options: RecordedWorldOptions) {
    this.#options = options;
    this.#turnstile = new Turnstile(options.seed);
  }

  /** @throws {Error} where the subgraph is made to give no answer */
  async fetch(subgraphName: string, { query, variables }: WorldOperation): Promise<SubgraphData> {
    const { supergraph, world, faults } = this.#options;
    const subgraph = supergraph.subgraphs.get(subgraphName);
    if (!subgraph) throw new Error(`There is no subgraph ${subgraphName}.`);
    // As it would be sent: nothing that the executor does later changes it.
    const received = { subgraph: subgraphName, query, variables: asSent.parse(JSON.parse(JSON.stringify(variables))) };
    await this.#turnstile.pass(stableJson(withDistinctRepresentations(received)));
    this.received.push(received);
    return answerFaultily(subgraph, received, world, faults);
  }
}

/** The operation as it is when equal representations are sent once. */
export function withDistinctRepresentations(operation: ReceivedOperation): ReceivedOperation {
  const { representations } = operation.variables;
  if (!Array.isArray(representations)) return operation;
  const distinct = [...new Map(representations.map((representation: unknown) => [stableJson(representation), representation])).values()];
  return { ...operation, variables: { ...operation.variables, representations: distinct } };
}
