import { HeaderMap, type ApolloServerPlugin, type GraphQLResponse } from '@apollo/server';
import type { Logger } from '@tenantry/service';
import type { GraphQLFormattedError } from 'graphql';
import type { DeferredResult } from '../execution/deferred/deferred-results.ts';
import type { PartedResult } from '../execution/deferred/execute-in-parts.ts';
import type { OperationResult } from '../execution/operation-result.ts';
import { mentionsDefer } from '../operation.ts';
import type { Execution, PreparedOperation } from './execution.ts';
import type { GatewayContext } from './gateway-context.ts';
import { errorsOf, hasFault, logFaults, presentErrors, type FaultReport } from './presented-errors.ts';
import { outcomeOf, type AcceptedOperation } from './request-record.ts';

/**
 * Answers operations with `@defer` in parts, to clients that take them in the form that Apollo's clients and router have
 * (`multipart/mixed;deferSpec=20220824`). Any other client gets the whole at once.
 */
export function deferredDelivery(execution: Execution, logger: Logger): ApolloServerPlugin<GatewayContext> {
  return {
    requestDidStart: async () => ({
      async responseForOperation({ request, document, operation, operationName, schema, contextValue }) {
        if (!takesParts(request.http?.headers.get('accept')) || !mentionsDefer(document)) return null;
        const prepared = await prepare(execution, { operation: { document, operation }, schema }, contextValue);
        const parted = prepared && (await startInParts(prepared, request.variables ?? {}));
        return parted && respondInParts(parted, prepared, { context: contextValue, operationName, logger });
      },
    }),
  };
}

/** One that weighs what it takes, by `q`, may like something else better, which only Apollo Server finds out, and after the execution. */
function takesParts(accept: string | undefined): boolean {
  return (
    accept !== undefined && /\bmultipart\/mixed\s*;\s*deferSpec="?20220824"?\s*(?:,|$)/i.test(accept) && !/incrementalSpec/i.test(accept)
  );
}

/** Null when it cannot be planned now: as Apollo Server goes on to execute the whole, the client is told why. */
async function prepare(execution: Execution, operation: AcceptedOperation, context: GatewayContext): Promise<PreparedOperation | null> {
  try {
    return await execution.prepare(operation, context);
  } catch {
    return null;
  }
}

/** Null, and `prepared` disposed of, when nothing is deferred after all. */
async function startInParts(prepared: PreparedOperation, variables: Record<string, unknown>): Promise<PartedResult | null> {
  using disposer = new DisposableStack();
  disposer.use(prepared);
  const parted = await prepared.executeInParts(variables);
  if (parted) disposer.move();
  return parted;
}

type IncrementalBody = Extract<GraphQLResponse['body'], { kind: 'incremental' }>;
type SubsequentResult = { incremental?: readonly FormattedDeferredResult[]; hasNext: boolean };
type FormattedDeferredResult = Omit<DeferredResult, 'errors'> & { errors?: readonly GraphQLFormattedError[] };

function respondInParts({ initial, subsequent }: PartedResult, prepared: PreparedOperation, report: FaultReport): GraphQLResponse {
  const { record, signal } = report.context;
  const { data = null } = initial;
  const { shown, isFaulty } = present(initial, report);
  const first = shown ? { errors: shown, data } : { data };
  record.outcome = outcomeOf(first, isFaulty);
  // Whoever goes away at once, or has gone before the first part was there, never begins to read what follows.
  if (signal.aborted) prepared[Symbol.dispose]();
  else signal.addEventListener('abort', () => prepared[Symbol.dispose](), { once: true });
  const body: IncrementalBody = {
    kind: 'incremental',
    initialResult: { ...first, hasNext: true },
    subsequentResults: subsequentResults(subsequent, prepared, report),
  };
  return { http: { headers: new HeaderMap() }, body };
}

async function* subsequentResults(
  subsequent: PartedResult['subsequent'],
  prepared: PreparedOperation,
  report: FaultReport,
): AsyncGenerator<SubsequentResult, void> {
  using _prepared = prepared;
  for await (const results of subsequent) yield { incremental: results.map((result) => presentPart(result, report)), hasNext: true };
  yield { hasNext: false };
}

function presentPart(result: DeferredResult, report: FaultReport): FormattedDeferredResult {
  const { errors: _, ...part } = result;
  const { shown } = present(result, report);
  return shown ? { ...part, errors: shown } : part;
}

interface Presented {
  readonly shown: GraphQLFormattedError[] | undefined;
  readonly isFaulty: boolean;
}

function present(result: OperationResult, report: FaultReport): Presented {
  const errors = errorsOf(result);
  logFaults(errors, report);
  return { shown: errors.length > 0 ? presentErrors(errors, report.context.requestId) : undefined, isFaulty: hasFault(errors) };
}
