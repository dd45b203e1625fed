import { TenantryError } from '@tenantry/service';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';

/**
 * What a subgraph reports becomes an error of the response, with all that the subgraph said of it.
 *
 * @param path the error's place in the response
 */
export function fromSubgraph(
  error: GraphQLError | GraphQLFormattedError,
  subgraph: string,
  path: readonly (string | number)[] | undefined,
): GraphQLError {
  const { message, extensions } = error;
  return new GraphQLError(message || wordless(subgraph), {
    path,
    originalError: error instanceof Error ? error : null,
    extensions: { ...extensions, serviceName: subgraph, code: extensions?.['code'] ?? 'DOWNSTREAM_SERVICE_ERROR' },
  });
}

/** What stands for the message of an error that has none, as `@apollo/gateway` words it. */
export function wordless(subgraph: string): string {
  return `Error while fetching subquery from service "${subgraph}"`;
}

/** A fetch that brought no answer at all. */
export function fromFailedFetch(cause: unknown): GraphQLError {
  if (cause instanceof GraphQLError) return cause;
  const originalError = cause instanceof Error ? cause : new Error(String(cause));
  return new GraphQLError(originalError.message, { originalError, extensions: extensionsOf(cause) });
}

function extensionsOf(cause: unknown): Record<string, unknown> | null {
  if (!(cause instanceof TenantryError)) return null;
  const { code, retryAfterMs } = cause;
  return { code, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}
