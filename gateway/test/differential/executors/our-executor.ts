import { z } from 'zod';
import { makeExecutable, type ExecutableOperation } from '../../../src/execution/executable-operation.ts';
import type { FetchFromSubgraph } from '../../../src/execution/plan/plan-run.ts';
import type { AskSubgraph, Execute, PlannedOperation } from './executor.ts';

/**
 * Ours, with generated code or with what stands in for it where a process may generate none. An operation is compiled once, as the gateway
 * does, so that one execution would show in the next if anything stayed of it.
 */
export function executeOurs(options: { generatesCode: boolean }): Execute {
  const compiled = new WeakMap<PlannedOperation, ExecutableOperation>();
  return async (planned, ask) => {
    const executable = compiled.get(planned) ?? compile(planned, options);
    compiled.set(planned, executable);
    return await executable.execute({
      variables: planned.variables,
      fetch: async (subgraph, { query, variables = {} }) => await ask(subgraph, { query, variables }),
    });
  };
}

/** Ours, with subgraphs that answer in bytes, so that responses are spliced of them where that is possible. */
export function executeSpliced(): Execute {
  const compiled = new WeakMap<PlannedOperation, ExecutableOperation>();
  return async (planned, ask) => {
    const executable = compiled.get(planned) ?? compile(planned, {});
    compiled.set(planned, executable);
    const result = await executable.executeToSend({ variables: planned.variables, fetch: fetchBytes(ask), hasBytes: () => true });
    return Buffer.isBuffer(result)
      ? { ...responseSchema.parse(JSON.parse(result.toString())), isSpliced: true }
      : { ...result, isSpliced: false };
  };
}

const responseSchema = z.strictObject({ data: z.unknown() });
const representationsSchema = z.array(z.unknown());

/** As the transport over HTTP does it. */
function fetchBytes(ask: AskSubgraph): FetchFromSubgraph {
  return async (subgraph, { query, variables = {}, representations, scan }) => {
    const all = representations === undefined ? {} : { representations: representationsSchema.parse(JSON.parse(representations)) };
    const answer = await ask(subgraph, { query, variables: { ...variables, ...all } });
    return scan?.(Buffer.from(JSON.stringify(answer))) ?? answer;
  };
}

function compile({ plan, document, operation, supergraph }: PlannedOperation, options: { generatesCode?: boolean }): ExecutableOperation {
  const schemas = { api: supergraph.api, supergraph: supergraph.whole };
  return makeExecutable({ plan, operation: { document, operation }, schemas, ...options });
}
