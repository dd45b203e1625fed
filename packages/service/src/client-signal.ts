import type { ServerResponse } from 'node:http';
import { Http2ServerResponse } from 'node:http2';
import type { FastifyReply } from 'fastify';

/**
 * A signal that is aborted when the client goes away before its answer is out. Fastify's own `request.signal` is aborted as
 * soon as the request's body has been read.
 */
export function clientSignal({ raw }: Pick<FastifyReply, 'raw'>): AbortSignal {
  const controller = new AbortController();
  // Of HTTP/2, what a client cancels counts as finished.
  const isAnswered = () => raw.writableEnded && raw.writableFinished;
  raw.on('close', () => {
    if (!isAnswered()) controller.abort();
  });
  // Nothing more is heard of one that has gone already.
  if (isClosed(raw) && !isAnswered()) controller.abort();
  return controller.signal;
}

/** A response of HTTP/2 does not say itself that it was destroyed. */
function isClosed(response: ServerResponse | Http2ServerResponse): boolean {
  return response instanceof Http2ServerResponse ? response.stream.destroyed : response.destroyed;
}
