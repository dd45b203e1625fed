import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { FormattedExecutionResult, GraphQLSchema } from 'graphql';
import type { ValidOperation } from '../operation.ts';

/**
 * How a request ended: `invalid` is no GraphQL request, or has a bad token; `refused` was not executed; `partial` was, with errors
 * in some fields; `failed` met a fault of ours.
 */
export type Outcome = 'ok' | 'partial' | 'refused' | 'invalid' | 'failed';

/** What is noted of a request while it runs. */
export interface RequestRecord {
  operation: 'query' | 'mutation' | 'subscription' | 'none';
  outcome: Outcome;
  /** The operation that was found to be allowed; null as long as none was. */
  accepted: AcceptedOperation | null;
}

/** A valid operation of the schema that it was validated in. */
export interface AcceptedOperation {
  readonly operation: ValidOperation;
  readonly schema: GraphQLSchema;
}

const decorator = 'record';

/** Gives every request of `server` a record, to be read with {@link recordOf}. */
export function keepRecords(server: FastifyInstance): void {
  server.decorateRequest(decorator);
  server.addHook('onRequest', (request, _reply, proceed) => {
    request.setDecorator<RequestRecord>(decorator, { operation: 'none', outcome: 'invalid', accepted: null });
    proceed();
  });
}

export function recordOf(request: FastifyRequest): RequestRecord {
  return request.getDecorator<RequestRecord>(decorator);
}

/** @param isFaulty whether one of the errors is a fault of ours */
export function outcomeOf({ data, errors = [] }: FormattedExecutionResult, isFaulty: boolean): Outcome {
  if (errors.length === 0) return 'ok';
  if (isFaulty) return 'failed';
  if (data !== undefined) return 'partial';
  // What is no GraphQL request at all: no query, or a mutation by GET.
  return errors.some(({ extensions }) => extensions?.['code'] === 'BAD_REQUEST') ? 'invalid' : 'refused';
}
