import type { FastifyInstance } from 'fastify';

/** Milliseconds that requests in flight have to end once their server closes. */
export const drainGraceMs = 10_000;

/**
 * Has `server` cut its connections once it closes: as soon as no request is in flight, and at the latest after a grace period.
 * Node itself waits about a minute for connections that are open and have not asked anything yet.
 */
export function drainConnections(server: FastifyInstance): void {
  let inFlight = 0;
  let isDraining = false;
  const cutIfIdle = () => {
    if (isDraining && inFlight === 0) server.server.closeAllConnections();
  };
  const onAnswered = () => {
    inFlight--;
    cutIfIdle();
  };
  server.server.on('request', (_request, response) => {
    inFlight++;
    response.on('close', onAnswered);
  });
  server.addHook('preClose', async () => {
    isDraining = true;
    setTimeout(() => server.server.closeAllConnections(), drainGraceMs).unref();
    cutIfIdle();
  });
}
