import { makeExecutable, type ExecutableOperation } from '../../../src/execution/executable-operation.ts';
import type { Execute, PlannedOperation } from './executor.ts';

/**
 * Ours, with generated code or with what stands in for it where a process may generate none. An operation is compiled once, as the gateway
 * does, so that one execution would show in the next if anything stayed of it.
 */
export function executeOurs(options: { generatesCode: boolean }): Execute {
  const compiled = new WeakMap<PlannedOperation, ExecutableOperation>();
  return async (planned, ask) => {
    const executable = compiled.get(planned) ?? compileOurs(planned, options);
    compiled.set(planned, executable);
    return await executable.execute({
      variables: planned.variables,
      fetch: async (subgraph, { query, variables = {} }) => await ask(subgraph, { query, variables }),
    });
  };
}

export function compileOurs(
  { plan, document, operation, supergraph }: PlannedOperation,
  options: { generatesCode?: boolean } = {},
): ExecutableOperation {
  const schemas = { api: supergraph.api, supergraph: supergraph.whole };
  return makeExecutable({ plan, operation: { document, operation }, schemas, ...options });
}
