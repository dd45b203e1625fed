import { faultMessage, TenantryError, type Logger } from '@tenantry/service';
import { GraphQLError } from 'graphql';
import { z } from 'zod';

export interface ErrorReport {
  requestId: string;
  /** Of the request: unknown errors reach it whole. */
  logger: Logger;
}

/** Turns what was thrown while an operation ran into what may go over the wire. An unknown error is logged, once, and made generic. */
export function toGraphQLErrors(errors: readonly GraphQLError[], { requestId, logger }: ErrorReport): GraphQLError[] {
  const unknown = new Set<unknown>();
  const mapped = errors.map((error) => {
    const cause = rootCause(error);
    const known = knownError(cause, error);
    if (known) return rewrite(error, known.message, known.extensions);
    unknown.add(cause);
    return rewrite(error, faultMessage, { code: 'INTERNAL_SERVER_ERROR', requestId });
  });
  for (const err of unknown) logger.error({ err }, 'a resolver failed');
  return mapped;
}

/** Turns what was thrown before or beside the execution of an operation into its errors. */
export function toRefusal(error: unknown, report: ErrorReport): GraphQLError[] {
  return toGraphQLErrors([new GraphQLError('', { originalError: error instanceof Error ? error : new Error(String(error)) })], report);
}

interface KnownError {
  message: string;
  extensions: { code: string; retryAfterMs?: number };
}

function knownError(cause: unknown, error: GraphQLError): KnownError | null {
  if (cause instanceof TenantryError && cause.code !== 'INTERNAL_SERVER_ERROR') {
    const { message, code, retryAfterMs } = cause;
    return { message, extensions: { code, ...(retryAfterMs !== undefined && { retryAfterMs }) } };
  }
  if (cause instanceof z.ZodError) return { message: describe(cause), extensions: { code: 'BAD_USER_INPUT' } };
  return cause instanceof GraphQLError && isAboutInput(error) ? { message: error.message, extensions: { code: 'BAD_USER_INPUT' } } : null;
}

/** Whether graphql-js speaks of variables (which have no path) or arguments (which have nodes), and not of what a resolver returned. */
function isAboutInput({ path, originalError }: GraphQLError): boolean {
  return path === undefined || (originalError instanceof GraphQLError && originalError.nodes !== undefined);
}

/** `input.timeZone: Invalid input; …` */
function describe({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => (path.length > 0 ? `${path.join('.')}: ${message}` : message)).join('; ');
}

function rootCause(error: GraphQLError): unknown {
  const { originalError } = error;
  if (!originalError) return error;
  return originalError instanceof GraphQLError ? rootCause(originalError) : originalError;
}

function rewrite(error: GraphQLError, message: string, extensions: Record<string, unknown>): GraphQLError {
  const { nodes = null, source, positions, path } = error;
  return new GraphQLError(message, { nodes, source, positions, path, extensions });
}
