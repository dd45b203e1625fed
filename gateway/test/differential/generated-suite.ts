import { operationFromDocument } from '@apollo/federation-internals';
import * as fc from 'fast-check';
import { getOperationAST, parse, validate } from 'graphql';
import { Picker } from '../support/picker.ts';
import type { PlannedOperation } from './executors/executor.ts';
import { OperationWriter, type GeneratedOperation } from './operations/operation-writer.ts';
import { federatedSchemas } from './schemas/federated-schemas.ts';
import type { SubgraphSdl } from './schemas/print-subgraph.ts';
import type { FaultRates } from './world/faults.ts';
import { WorldSupergraph } from './world/world-supergraph.ts';
import type { Trial } from './trial.ts';

/** Operations over each supergraph: to compose one costs as much as a dozen trials. */
const operationsPerSupergraph = 12;

/** How much goes wrong: nothing; what honest subgraphs report; what broken ones send; all at once. */
const regimes: readonly FaultRates[] = [
  { resolver: 0, answer: 0, fetch: 0 },
  { resolver: 25, answer: 0, fetch: 10 },
  { resolver: 0, answer: 25, fetch: 0 },
  { resolver: 50, answer: 50, fetch: 20 },
];

/** What one supergraph gives to try out. */
export interface Suite {
  readonly trials: readonly Trial[];
  /** Why subgraphs did not compose; the suite is empty then. */
  readonly discarded: readonly string[];
  /** Why the planner gave up on operations, which no executor then sees. */
  readonly unplanned: readonly string[];
}

/** The suite of this seed: always the same. */
export function generateSuite(seed: number): Suite {
  const [sources = []] = fc.sample(federatedSchemas, { seed, numRuns: 1 });
  return suiteOver(sources, seed);
}

/** @param isExact whether the planner finds on these subgraphs all that one server would */
export function suiteOver(sources: readonly SubgraphSdl[], seed: number, isExact = true): Suite {
  const supergraph = WorldSupergraph.compose(sources);
  if (!(supergraph instanceof WorldSupergraph)) return { trials: [], discarded: supergraph, unplanned: [] };
  const attempts = generateOperations(supergraph, seed, isExact).map((operation) => plan(supergraph, operation));
  const planned = attempts.filter((attempt) => typeof attempt !== 'string');
  const unplanned = attempts.filter((attempt) => typeof attempt === 'string');
  return {
    trials: planned.flatMap((operation, index) => trialsOf(operation, seed * operationsPerSupergraph + index)),
    discarded: [],
    unplanned,
  };
}

function generateOperations({ api }: WorldSupergraph, seed: number, isExact: boolean): GeneratedOperation[] {
  const operations = fc.gen().map((generate) => new OperationWriter(api, new Picker(generate), isExact).write());
  return fc.sample(operations, { seed, numRuns: operationsPerSupergraph });
}

/**
 * @returns why the planner gave up
 * @throws {GraphQLError} when the operation is not valid, which is a fault of what generated it
 */
export function plan(supergraph: WorldSupergraph, { text, variables, isPlain }: GeneratedOperation): PlannedOperation | string {
  const document = parse(text);
  const [invalid] = validate(supergraph.api, document);
  if (invalid) throw invalid;
  const operation = getOperationAST(document);
  if (!operation) throw new Error('There is no single operation.');
  try {
    const queryPlan = supergraph.planner.buildQueryPlan(operationFromDocument(supergraph.apiSchema, document));
    return { supergraph, document, operation, plan: queryPlan, variables, isPlain };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function trialsOf(planned: PlannedOperation, seed: number): Trial[] {
  return regimes.map((rates, index) => ({ planned, worldSeed: seed, faults: { seed: seed + index, rates } }));
}
