import type { FastifyInstance, FastifyRequest } from 'fastify';

/**
 * How a request ended: `invalid` is no GraphQL request, or has a bad token; `refused` was not executed; `partial` was, with errors
 * in some fields; `failed` met a fault of ours.
 */
export type Outcome = 'ok' | 'partial' | 'refused' | 'invalid' | 'failed';

/** What is noted of a request while it runs. */
export interface RequestRecord {
  operation: 'query' | 'mutation' | 'subscription' | 'none';
  outcome: Outcome;
}

const decorator = 'record';

/** Gives every request of `server` a record, to be read with {@link recordOf}. */
export function keepRecords(server: FastifyInstance): void {
  server.decorateRequest(decorator);
  server.addHook('onRequest', async (request) => {
    request.setDecorator<RequestRecord>(decorator, { operation: 'none', outcome: 'invalid' });
  });
}

export function recordOf(request: FastifyRequest): RequestRecord {
  return request.getDecorator<RequestRecord>(decorator);
}
