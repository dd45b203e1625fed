import { tenantContextHeader } from '@tenantry/auth';
import { BadInputError, type Logger } from '@tenantry/service';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { ExecutionResult } from 'graphql';
import { z } from 'zod';
import { drainConnections } from './drain-connections.ts';
import { PortTakenError } from './errors.ts';
import type { SubgraphHandler, SubgraphOperation } from './handler.ts';

/**
 * Bytes of a request's body. Far above what the gateway takes from a client: the representations of one answer, sent on to be
 * completed, outgrow any client's request.
 */
const bodyLimit = 32 * 1024 * 1024;

/** Milliseconds that an idle connection stays open: longer than the gateway keeps one, so that none closes as it is used. */
const keepAliveTimeoutMs = 75_000;

/** Milliseconds after which `/readyz` gives up on its answer. */
const readinessTimeoutMs = 2_000;

export interface SubgraphServerOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  logger: Logger;
  /** Rejects while the subgraph cannot serve; asked by `/readyz`. Default: always ready. */
  checkReadiness?: () => Promise<void>;
}

export interface SubgraphServer extends AsyncDisposable {
  /** Origin of the server; operations go to `/graphql` under it. */
  readonly url: string;
}

/**
 * Serves a subgraph over HTTP: `POST /graphql` for the gateway, `/livez` and `/readyz` for whoever runs it.
 *
 * @throws {PortTakenError}
 */
export async function serveSubgraph(handler: SubgraphHandler, options: SubgraphServerOptions): Promise<SubgraphServer> {
  const server = Fastify({ bodyLimit, keepAliveTimeout: keepAliveTimeoutMs });
  const drain = drainConnections(server.server);
  serveOperations(server, handler, options.logger);
  serveHealth(server, options);
  const url = await server.listen({ host: options.host, port: options.port }).catch((error: unknown) => {
    throw isPortTaken(error) ? new PortTakenError(options.port, error) : error;
  });
  return {
    url,
    [Symbol.asyncDispose]: async () => {
      const closed = server.close();
      drain();
      await closed;
    },
  };
}

const operationBody = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

function serveOperations(server: FastifyInstance, handler: SubgraphHandler, logger: Logger): void {
  server.post('/graphql', async (request, reply) => {
    const signedContext = request.headers[tenantContextHeader];
    const signal = abortedByDisconnect(reply);
    try {
      const result = await handler.execute(parseBody(request.body), typeof signedContext === 'string' ? signedContext : undefined, {
        signal,
      });
      return await reply.code(statusOf(result)).send(result);
    } catch (error) {
      if (!signal.aborted) throw error;
      logger.debug({ subgraph: handler.name }, 'the gateway went away before the answer');
      return reply.hijack();
    }
  });
  server.setErrorHandler(async (error: Error & { statusCode?: number }, _request, reply) => {
    const status = error instanceof BadInputError ? 400 : (error.statusCode ?? 500);
    if (status >= 500) logger.error({ err: error }, 'a request failed');
    const code = status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_USER_INPUT';
    await reply
      .code(status)
      .send({ errors: [{ message: status >= 500 ? 'Something went wrong on our side.' : error.message, extensions: { code } }] });
  });
}

function serveHealth(server: FastifyInstance, { checkReadiness, logger }: SubgraphServerOptions): void {
  server.get('/livez', () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    try {
      await within(readinessTimeoutMs, checkReadiness?.());
      return { status: 'ok' };
    } catch (error) {
      logger.warn({ err: error }, 'not ready');
      return await reply.code(503).send({ status: 'unavailable' });
    }
  });
}

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

function abortedByDisconnect(reply: FastifyReply): AbortSignal {
  const controller = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) controller.abort();
  });
  return controller.signal;
}

async function within(milliseconds: number, work: Promise<void> | undefined): Promise<void> {
  const timeout = AbortSignal.timeout(milliseconds);
  const late = new Promise<never>((_resolve, reject) => {
    timeout.addEventListener('abort', () => reject(timeout.reason), { once: true });
  });
  await Promise.race([work, late]);
}

function isPortTaken(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}
