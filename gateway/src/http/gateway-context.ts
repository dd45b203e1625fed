import { bearerToken, resolveTenantContext, type Principal, type TenantContext, type TokenVerifier } from '@tenantry/auth';
import { clientSignal, TenantryError, type Logger } from '@tenantry/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLError } from 'graphql';
import { originOf } from './client-origin.ts';
import { challenges, internalFault, toRefusal } from './refusal.ts';
import { recordOf, type RequestRecord } from './request-record.ts';

/** What the gateway knows of a request when its operation begins. */
export interface GatewayContext {
  /** What the request is called in logs, audit entries and errors, here and in subgraphs; nobody vouches for it. */
  readonly requestId: string;
  /** Who asks, and whose data may be touched. */
  readonly tenantContext: TenantContext;
  /** Aborted when the client has gone away. */
  readonly signal: AbortSignal;
  readonly record: RequestRecord;
}

export interface ContextOptions {
  verifier: TokenVerifier;
  logger: Logger;
}

/**
 * Makes the function that turns a request into its context. A bad token refuses the request before its body is looked at; no
 * token makes it anonymous, which reaches what no access rule covers.
 */
export function createContextFunction({
  verifier,
  logger,
}: ContextOptions): (request: FastifyRequest, reply: FastifyReply) => Promise<GatewayContext> {
  return async (request, reply) => {
    const { headers, id: requestId } = request;
    try {
      const principal = await authenticate(headers.authorization, verifier);
      const requestedTenantId = singleValue(headers['x-tenant-id']);
      const tenantContext = resolveTenantContext(principal, { requestedTenantId, origin: originOf(request) });
      return { requestId, tenantContext, signal: clientSignal(reply), record: recordOf(request) };
    } catch (error) {
      throw refuse(error, request, logger);
    }
  };
}

async function authenticate(authorization: string | undefined, verifier: TokenVerifier): Promise<Principal | null> {
  const token = bearerToken(authorization);
  return token === null ? null : await verifier.verify(token);
}

function singleValue(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header.join(',') : header) ?? null;
}

function refuse(error: unknown, { id: requestId, headers }: FastifyRequest, logger: Logger): GraphQLError {
  if (!(error instanceof TenantryError) || error.code === 'INTERNAL_SERVER_ERROR') {
    logger.error({ err: error, requestId }, 'a token could not be checked');
    return internalFault(requestId, error instanceof TenantryError ? error.retryAfterMs : undefined);
  }
  if (error.code !== 'UNAUTHENTICATED') return toRefusal(error);
  return toRefusal(error, headers.authorization === undefined ? challenges.missingToken : challenges.invalidToken);
}
