/** Runs as a thread: plans one operation after another over the supergraph that it is given when it starts. */
import { parentPort, workerData } from 'node:worker_threads';
import { operationFromDocument, Supergraph } from '@apollo/federation-internals';
import { QueryPlanner } from '@apollo/query-planner';
import { parse } from 'graphql';
import type { PlannerAnswer, PlannerMessage, PlannerThreadData } from './planner-messages.ts';

/** How the planner words it that an operation has more selections, or ways to be planned, than it may; or more than the stack holds. */
const refusals =
  /^(?:Exceeded maximum recursive selections|Number of non-local selections exceeds|Too many options generated|Maximum call stack)/;

const port = parentPort;
if (!port) throw new Error('The planner runs as a thread only.');

/**
 * Ways to get to one field, at most, or the operation is refused. They multiply with every level where interface objects or shared fields
 * are nested: 1000 take about 50 MB and a second, ten times as many all memory. Usual operations have less than ten.
 */
const pathsLimit = 1_000;

/**
 * Plans that are compared, at most: what is left out begins with the ways of most hops. 2000 take about 0.2 s, the planner's own 10000
 * all the time that a small operation has.
 */
const maxEvaluatedPlans = 2_000;

const { supergraphSdl }: PlannerThreadData = workerData;
// Whoever loads a supergraph validates it.
const supergraph = Supergraph.build(supergraphSdl, { validateSupergraph: false });
const apiSchema = supergraph.apiSchema();
const planner = new QueryPlanner(supergraph, { incrementalDelivery: { enableDefer: true }, debug: { pathsLimit, maxEvaluatedPlans } });

port.on('message', (text: string) => send(answer(text)));
send({ kind: 'ready' });

function send(message: PlannerMessage): void {
  port?.postMessage(message);
}

function answer(text: string): PlannerAnswer {
  try {
    const operation = operationFromDocument(apiSchema, parse(text, { noLocation: true }));
    return { kind: 'planned', json: JSON.stringify(planner.buildQueryPlan(operation)) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : '';
    return refusals.test(reason) ? { kind: 'refused', reason } : { kind: 'failed', error };
  }
}
