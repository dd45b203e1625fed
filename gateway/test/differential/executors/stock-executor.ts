import { buildOperationContext, executeQueryPlan } from '@apollo/gateway';
import { print } from 'graphql';
import { corrections } from './corrections.ts';
import type { Execute, PlannedOperation } from './executor.ts';
import { correctedExecutor } from './stock-modules.ts';

type RequestContext = Parameters<typeof executeQueryPlan>[2];

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/** The executor of `@apollo/gateway`, called as that package calls it. */
export const executeStock: Execute = executeWith(executeQueryPlan);

/** The same without its known faults. */
export const executeCorrectedStock: Execute = executeWith(correctedExecutor(corrections));

function executeWith(executor: typeof executeQueryPlan): Execute {
  return async (planned, ask) => {
    const { plan, document, supergraph } = planned;
    const services = [...supergraph.subgraphs.keys()].map((name) => {
      const dataSource = {
        process: async ({ request: { query = '', variables = {} } }: { request: RequestContext['request'] }) => {
          return await ask(name, { query, variables });
        },
      };
      return [name, dataSource] as const;
    });
    const operationContext = buildOperationContext({ schema: supergraph.api, operationDocument: document });
    return await executor(
      plan,
      Object.fromEntries(services),
      requestContextOf(planned),
      operationContext,
      supergraph.whole,
      supergraph.apiSchema,
    );
  };
}

function requestContextOf({ supergraph, document, operation, variables }: PlannedOperation): RequestContext {
  const source = print(document);
  const cache = { get: async () => undefined, set: async () => {}, delete: async () => {} };
  return {
    request: { query: source, variables: { ...variables } },
    logger: silent,
    schema: supergraph.api,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a brand that nothing makes
    schemaHash: 'none' as RequestContext['schemaHash'],
    context: {},
    cache,
    queryHash: '',
    document,
    source,
    operationName: operation.name?.value ?? null,
    operation,
    metrics: {},
    overallCachePolicy: undefined,
  };
}
