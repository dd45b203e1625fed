import { tenantContextHeader } from '@tenantry/auth';
import { BadInputError, clientSignal, faultMessage, UnauthenticatedError, type ErrorCode, type Logger } from '@tenantry/service';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { ExecutionResult } from 'graphql';
import { z } from 'zod';
import type { SubgraphHandler, SubgraphOperation } from './handler.ts';
import { answerJson } from './json-answer.ts';
import type { EventStreamOptions } from './subscriptions/event-stream.ts';
import { acceptsEvents, streamOperations } from './subscriptions/stream-route.ts';

/**
 * Bytes of a request's body. Far above what the gateway takes from a client: the representations of one answer, sent on to be
 * completed, outgrow any client's request.
 */
const bodyLimit = 32 * 1024 * 1024;

/** Bytes of the body of a request without a context, which can only ask for the schema, in development. */
const bodyLimitWithoutContext = 64 * 1024;

/** `POST /graphql`, for the gateway. The answer is a stream where `text/event-stream` is accepted. */
export function serveOperations(server: FastifyInstance, handler: SubgraphHandler, logger: Logger, options?: EventStreamOptions): void {
  const stream = streamOperations(server, { handler, logger, ...options });
  const onRequest = async (request: FastifyRequest) => refuseUnknownCaller(request, handler);
  server.post('/graphql', { bodyLimit, onRequest }, async (request, reply) => {
    if (acceptsEvents(request.headers.accept)) return await stream(parseBody(request.body), signedContextOf(request), reply);
    const signal = clientSignal(reply);
    try {
      const result = await handler.execute(parseBody(request.body), signedContextOf(request), { signal, requestId: request.id });
      return await answerJson(reply, statusOf(result), result);
    } catch (error) {
      if (!signal.aborted) throw error;
      logger.debug({ subgraph: handler.name }, 'the gateway went away before the answer');
      return reply.hijack();
    }
  });
  server.setErrorHandler(async (error: Error & { statusCode?: number }, request, reply) => {
    const { status, code } = refusalOf(error);
    if (status >= 500) logger.error({ err: error, requestId: request.id }, 'a request failed');
    await reply.code(status).send({ errors: [{ message: status >= 500 ? faultMessage : error.message, extensions: { code } }] });
  });
}

/**
 * Refuses whoever is not the gateway before their body is read.
 *
 * @throws {UnauthenticatedError}
 */
function refuseUnknownCaller(request: FastifyRequest, handler: SubgraphHandler): void {
  if (handler.authenticate(signedContextOf(request))) return;
  // A body that does not say how long it is makes this NaN, which is at most nothing.
  const isShort = Number(request.headers['content-length']) <= bodyLimitWithoutContext;
  if (!isShort)
    throw new UnauthenticatedError(`Without a tenant context a body says its length, ${bodyLimitWithoutContext} bytes at most.`);
}

function signedContextOf({ headers }: FastifyRequest): string | undefined {
  const header = headers[tenantContextHeader];
  return Array.isArray(header) ? header.join() : header;
}

const operationBody = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

function parseBody(body: unknown): SubgraphOperation {
  const { success, data, error } = operationBody.safeParse(body);
  if (!success) throw new BadInputError(`The body is not a GraphQL request: ${z.prettifyError(error)}`);
  return { query: data.query, operationName: data.operationName ?? undefined, variables: data.variables ?? undefined };
}

/** 200 for what was executed, whatever came of it (GraphQL over HTTP §6.4.1). */
function statusOf({ data, errors }: ExecutionResult): number {
  if (data !== undefined) return 200;
  switch (errors?.[0]?.extensions['code']) {
    case 'UNAUTHENTICATED':
      return 401;
    case 'INTERNAL_SERVER_ERROR':
      return 500;
    default:
      return 400;
  }
}

/** How what never became an operation is answered. */
function refusalOf(error: Error & { statusCode?: number }): { status: number; code: ErrorCode } {
  if (error instanceof UnauthenticatedError) return { status: 401, code: error.code };
  const status = error instanceof BadInputError ? 400 : (error.statusCode ?? 500);
  return { status, code: status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_USER_INPUT' };
}
