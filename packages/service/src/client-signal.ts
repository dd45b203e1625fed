import type { FastifyReply } from 'fastify';

/**
 * A signal that is aborted when the client goes away before its answer is out. Fastify's own `request.signal` is aborted as
 * soon as the request's body has been read.
 */
export function clientSignal({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const controller = new AbortController();
  raw.once('close', () => {
    if (!raw.writableFinished) controller.abort();
  });
  return controller.signal;
}
