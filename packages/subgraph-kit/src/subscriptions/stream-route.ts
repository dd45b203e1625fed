import { clientSignal, type Logger } from '@tenantry/service';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ServerStoppingError } from '../errors.ts';
import type { SubgraphHandler, SubgraphOperation } from '../handler.ts';
import { sendEvents, type EventStreamOptions } from './event-stream.ts';

/** Answers one operation with a stream of events. */
export type StreamOperation = (operation: SubgraphOperation, signedContext: string | undefined, reply: FastifyReply) => Promise<void>;

export interface StreamRouteOptions extends EventStreamOptions {
  handler: SubgraphHandler;
  logger: Logger;
}

/** Streams operations over the connections of `server`, and ends them, saying so, when it closes. */
export function streamOperations(server: FastifyInstance, { handler, logger, ...options }: StreamRouteOptions): StreamOperation {
  const open = new Set<AbortController>();
  let isStopping = false;
  server.addHook('preClose', async () => {
    isStopping = true;
    for (const ending of open) ending.abort(new ServerStoppingError());
  });
  return async (operation, signedContext, reply) => {
    const ending = new AbortController();
    open.add(ending);
    // Its request came before the server began to close, and the rest of its body after.
    if (isStopping) ending.abort(new ServerStoppingError());
    const gone = clientSignal(reply);
    gone.addEventListener('abort', () => ending.abort(gone.reason), { once: true });
    reply.hijack();
    try {
      await sendEvents(
        reply.raw,
        handler.subscribe(operation, signedContext, { signal: ending.signal, requestId: reply.request.id }),
        options,
      );
    } catch (err) {
      if (gone.aborted) logger.debug({ subgraph: handler.name }, 'the gateway has left a subscription');
      else logger.error({ err }, 'a subscription failed');
      reply.raw.destroy();
    } finally {
      open.delete(ending);
    }
  };
}

/** Whether a client takes a stream of events for its answer. */
export function acceptsEvents(accept: string | undefined): boolean {
  return (accept ?? '').split(',').some((range) => range.trim().split(';', 1)[0]?.trim().toLowerCase() === 'text/event-stream');
}
