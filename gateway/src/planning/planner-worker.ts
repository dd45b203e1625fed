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
const { supergraphSdl }: PlannerThreadData = workerData;
// Whoever loads a supergraph validates it.
const supergraph = Supergraph.build(supergraphSdl, { validateSupergraph: false });
const apiSchema = supergraph.apiSchema();
const planner = new QueryPlanner(supergraph, { incrementalDelivery: { enableDefer: true } });

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
