import { clientSignal, type Logger } from '@tenantry/service';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { GraphQLError, type FormattedExecutionResult } from 'graphql';
import { z } from 'zod';
import { SubscribeAgainError } from '../errors.ts';
import { originOf } from '../http/client-origin.ts';
import { recordOf } from '../http/request-record.ts';
import { prefersEvents } from './accepts-events.ts';
import type { ClientOperations } from './client-operations.ts';
import { credentialsOfRequest } from './credentials.ts';
import { eventStream, type EventStreamOptions } from './event-stream.ts';
import { identify, type IdentityOptions } from './identity.ts';
import type { OperationPayload } from './operation-reader.ts';
import { presentFailure, presentResult } from './presentation.ts';
import { leftByClient } from './running-operation.ts';

export interface EventStreamRouteOptions extends EventStreamOptions {
  readonly operations: ClientOperations;
  readonly identity: IdentityOptions;
  readonly logger: Logger;
}

const stopping = new SubscribeAgainError('The server is stopping.');

/**
 * Answers every POST to `server` of whoever prefers `text/event-stream`: GraphQL over Server-Sent Events, in "distinct connections
 * mode". What is refused is told by an event, too, as the protocol has it.
 */
export function serveEventStreams(server: FastifyInstance, options: EventStreamRouteOptions): void {
  const open = new Set<AbortController>();
  server.addHook('preClose', async () => {
    for (const ending of open) ending.abort(stopping);
  });
  server.addHook('preHandler', (request, reply, proceed) => {
    if (request.method !== 'POST' || !prefersEvents(request.headers.accept)) return proceed();
    const ending = new AbortController();
    open.add(ending);
    reply.raw.once('close', () => open.delete(ending));
    const results = answer(request, endWithClient(ending, reply), options);
    // Proxies such as nginx would else gather what is small.
    reply.header('content-type', 'text/event-stream; charset=utf-8').header('x-accel-buffering', 'no');
    reply.send(eventStream(results, options));
  });
}

function endWithClient(ending: AbortController, reply: FastifyReply): AbortController {
  clientSignal(reply).addEventListener('abort', () => ending.abort(leftByClient), { once: true });
  return ending;
}

/** @param ending aborted, it ends the answer with its reason */
async function* answer(
  request: FastifyRequest,
  ending: AbortController,
  { operations, identity: identityOptions, logger }: EventStreamRouteOptions,
): AsyncGenerator<FormattedExecutionResult, void, undefined> {
  const { id: requestId, headers, body } = request;
  const record = recordOf(request);
  const { signal } = ending;
  const { operationName }: { operationName?: unknown } = typeof body === 'object' && body !== null ? body : {};
  const origin = { context: { requestId, signal }, operationName: typeof operationName === 'string' ? operationName : null, logger };
  try {
    const payload = readPayload(body);
    using identity = await identify(credentialsOfRequest(headers), originOf(request), identityOptions);
    identity.ended.addEventListener('abort', () => ending.abort(identity.ended.reason), { once: true });
    const { running } = operations.start(payload, { identity, requestId, transport: 'sse', until: signal, record });
    record.outcome = 'ok';
    for await (const result of running) yield presentResult(result, origin);
  } catch (error) {
    if (error instanceof SubscribeAgainError) throw error;
    if (record.outcome !== 'ok') record.outcome = 'refused';
    yield { errors: presentFailure(error, origin) };
  }
}

const payloadSchema: z.ZodType<OperationPayload> = z.looseObject({
  query: z.string().min(1),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

function readPayload(body: unknown): OperationPayload {
  const payload = payloadSchema.safeParse(body);
  if (payload.success) return payload.data;
  const message = 'The body must be a JSON object with the text of an operation as `query`, and may have `operationName` and `variables`.';
  throw new GraphQLError(message, { extensions: { code: 'BAD_REQUEST' } });
}
