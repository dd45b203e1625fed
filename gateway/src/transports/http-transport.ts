import { tenantContextHeader } from '@tenantry/auth';
import { parseJson } from '@tenantry/service';
import type { FormattedExecutionResult, GraphQLFormattedError } from 'graphql';
import { Pool } from 'undici';
import { SubgraphFetchError } from '../errors.ts';
import type { SubgraphOperation, SubgraphTransport } from './subgraph-transport.ts';

export interface HttpTransportOptions {
  /** Origin of the subgraph, whose operations go to `/graphql`; or the full URL that they go to. */
  url: string;
  /** Milliseconds from the call to the last byte of the answer, waiting for a free connection included. Default 10000. */
  timeoutMs?: number;
  /** Connections at most. Default 128. */
  connections?: number;
  /** Bytes of an answer at most. Default 32 MiB. */
  maxResponseBytes?: number;
}

/** Milliseconds that an idle connection is kept: less than the 75 s of a subgraph's server, so that none closes as it is used. */
const keepAliveMs = 60_000;

/** Milliseconds that `/readyz` may take. */
const readinessTimeoutMs = 2_000;

/** Calls a subgraph over HTTP, on a pool of connections that stay open. */
export function createHttpTransport(options: HttpTransportOptions): SubgraphTransport & AsyncDisposable {
  const { timeoutMs = 10_000, connections = 128, maxResponseBytes = 32 * 1024 * 1024 } = options;
  const { origin, pathname, search } = new URL(options.url);
  const path = (pathname === '/' ? '/graphql' : pathname) + search;
  const pool = new Pool(origin, {
    connections,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    connectTimeout: timeoutMs,
    maxResponseSize: maxResponseBytes,
  });

  async function execute(operation: SubgraphOperation, signedContext: string, { signal }: { signal?: AbortSignal } = {}) {
    const deadline = AbortSignal.timeout(timeoutMs);
    const { statusCode, body } = await pool.request({
      method: 'POST',
      path,
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json;q=0.9',
        [tenantContextHeader]: signedContext,
      },
      body: JSON.stringify(operation),
      // A slow drip of bytes outlasts every idle time-out, so the whole call has one deadline.
      signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
    });
    return parseResult(await body.text(), statusCode);
  }

  async function checkReadiness(): Promise<void> {
    const { statusCode, body } = await pool.request({ method: 'GET', path: '/readyz', signal: AbortSignal.timeout(readinessTimeoutMs) });
    await body.dump();
    if (statusCode !== 200) throw new SubgraphFetchError(`${origin}/readyz answers ${statusCode}.`);
  }

  return { execute, checkReadiness, [Symbol.asyncDispose]: async () => void (pool.closed || (await pool.close())) };
}

/**
 * Goes by what the body says, not by the status that it came with: a subgraph that refuses an operation says why in an answer
 * of status 400, 401 or 500, and the reason has to reach the caller.
 */
function parseResult(text: string, statusCode: number): FormattedExecutionResult {
  const result = parseJson(text);
  if (isExecutionResult(result)) return result;
  throw new SubgraphFetchError(`The answer, of status ${statusCode}, is not a GraphQL response. It starts with: ${text.slice(0, 200)}`);
}

function isExecutionResult(value: unknown): value is FormattedExecutionResult {
  if (!isRecord(value)) return false;
  const { data, errors } = value;
  if (errors !== undefined) return Array.isArray(errors) && errors.length > 0 && errors.every(isError) && isDataOrAbsent(data);
  return isRecord(data);
}

function isError(value: unknown): value is GraphQLFormattedError {
  return isRecord(value) && typeof value['message'] === 'string';
}

function isDataOrAbsent(data: unknown): boolean {
  return data === undefined || data === null || isRecord(data);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
