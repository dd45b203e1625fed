import { requestIdHeader } from '@tenantry/service';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { recordOf } from './request-record.ts';

/** Sees to the status and headers of every answer of `server`. */
export function completeResponseHeads(server: FastifyInstance): void {
  server.addHook('onSend', (request, reply, _payload, proceed) => {
    reply.header(requestIdHeader, request.id);
    // An answer is one principal's: no cache on its way may keep it for another.
    reply.header('cache-control', 'no-store');
    // GraphQL over HTTP §6.4.1: a well-formed request has status 200 as application/json, whatever came of it; clients of that
    // media type take another status for a fault of the network and do not read the errors.
    if (recordOf(request).outcome === 'refused' && mediaTypeOf(reply).startsWith('application/json')) reply.code(200);
    proceed();
  });
}

function mediaTypeOf(reply: FastifyReply): string {
  return String(reply.getHeader('content-type') ?? '');
}
