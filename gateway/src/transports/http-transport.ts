import { tenantContextHeader } from '@tenantry/auth';
import { requestIdHeader } from '@tenantry/service';
import type { FormattedExecutionResult } from 'graphql';
import { Pool } from 'undici';
import { SubgraphFetchError } from '../errors.ts';
import { AnswerCollector } from './http/answer-collector.ts';
import { AnswerStream } from './http/answer-stream.ts';
import { acceptedCodings, decodeBody } from './http/content-coding.ts';
import { parseAnswer } from './http/graphql-answer.ts';
import { createBodyWriter } from './http/operation-body.ts';
import type { ScannedAnswer } from './scanned-answer.ts';
import type { CallOptions, SubgraphOperation, SubgraphTransport } from './subgraph-transport.ts';

export interface HttpTransportOptions {
  /** Origin of the subgraph, whose operations go to `/graphql`; or the full URL that they go to. */
  url: string;
  /**
   * Milliseconds from the call to the last byte of the answer, waiting for a free connection included. A call that brings a signal brings
   * its deadline with it. Default 10000.
   */
  timeoutMs?: number;
  /** Milliseconds in which a connection is made. Default 3000, and never more than `timeoutMs`. */
  connectTimeoutMs?: number;
  /** Connections at most, beside those of subscriptions. Default 128. */
  connections?: number;
  /** Bytes of an answer at most, as it comes and when it is decompressed. Default 32 MiB. */
  maxResponseBytes?: number;
  /**
   * HTTP/2: where the URL is https, if the server offers it too (ALPN); where it is http, always (prior knowledge, RFC 9113 §3.3).
   * Default false.
   */
  http2?: boolean;
  /** Asks for compressed answers. They cost both sides CPU: for subgraphs far away. Default false. */
  compression?: boolean;
  /** Milliseconds of silence after which a subscription is lost; a heartbeat is no silence. Default 60000. */
  subscriptionIdleMs?: number;
}

/** Milliseconds that an idle connection is kept: less than the 75 s of a subgraph's server, so that none closes as it is used. */
const keepAliveMs = 60_000;

/** What answers may be (GraphQL over HTTP §6.1). */
const answerTypes = 'application/graphql-response+json, application/json;q=0.9';

/** Status of an answer that may be scanned; what comes with another is rare, and read with more care. */
const ok = 200;

/** Milliseconds that `/readyz` may take. */
const readinessTimeoutMs = 2_000;

/** Calls a subgraph over HTTP, on a pool of connections that stay open. */
export function createHttpTransport(options: HttpTransportOptions): Required<SubgraphTransport> & AsyncDisposable {
  const { timeoutMs = 10_000, maxResponseBytes = 32 * 1024 * 1024, subscriptionIdleMs = 60_000, compression = false } = options;
  const { origin, pathname, search } = new URL(options.url);
  const path = (pathname === '/' ? '/graphql' : pathname) + search;
  const writeBody = createBodyWriter();
  const pool = openPool(origin, options.connections ?? 128, options);
  // Each holds a connection for as long as it lasts, which it would take from the queries.
  const subscriptions = openPool(origin, null, options);
  const running = new Set<AnswerStream>();
  const accepted = ['accept', answerTypes, ...(compression ? ['accept-encoding', acceptedCodings] : [])];

  async function execute(
    operation: SubgraphOperation,
    signedContext: string,
    // A slow drip of bytes outlasts every idle time-out, so the whole call has one deadline.
    { requestId, signal = AbortSignal.timeout(timeoutMs) }: CallOptions = {},
  ): Promise<FormattedExecutionResult | ScannedAnswer> {
    signal.throwIfAborted();
    const collector = new AnswerCollector(maxResponseBytes);
    const onAbort = () => collector.abort(reasonOf(signal));
    signal.addEventListener('abort', onAbort);
    try {
      pool.dispatch(
        { method: 'POST', path, headers: headersFor(signedContext, requestId, accepted), body: writeBody(operation) },
        collector,
      );
      const { status, coding, body } = await collector.answer;
      const plain = coding === undefined ? body : await decodeBody(body, coding, maxResponseBytes);
      return (status === ok && operation.scan?.(plain)) || parseAnswer(plain.toString(), status);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  function subscribe(
    operation: SubgraphOperation,
    signedContext: string,
    { requestId, signal }: CallOptions = {},
  ): AsyncIterableIterator<FormattedExecutionResult, undefined> {
    const onAbort = () => stream.abort(reasonOf(signal));
    const stream = new AnswerStream(maxResponseBytes, () => {
      running.delete(stream);
      signal?.removeEventListener('abort', onAbort);
    });
    running.add(stream);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) onAbort();
    else {
      const headers = headersFor(signedContext, requestId, ['accept', 'text/event-stream']);
      const limits = { headersTimeout: timeoutMs, bodyTimeout: subscriptionIdleMs };
      subscriptions.dispatch({ method: 'POST', path, headers, body: writeBody(operation), ...limits }, stream);
    }
    return stream;
  }

  async function checkReadiness(): Promise<void> {
    const { statusCode, body } = await pool.request({ method: 'GET', path: '/readyz', signal: AbortSignal.timeout(readinessTimeoutMs) });
    await body.dump();
    if (statusCode !== 200) throw new SubgraphFetchError(`${origin}/readyz answers ${statusCode}.`);
  }

  async function dispose(): Promise<void> {
    for (const stream of running) stream.abort(new SubgraphFetchError('The gateway stops.'));
    await Promise.all([pool, subscriptions].map(async (each) => void (each.closed || (await each.close()))));
  }

  return { timeoutMs, hasBytes: true, execute, subscribe, checkReadiness, [Symbol.asyncDispose]: dispose };
}

function headersFor(signedContext: string, requestId: string | undefined, accept: readonly string[]): string[] {
  const headers = ['content-type', 'application/json', tenantContextHeader, signedContext, ...accept];
  if (requestId !== undefined) headers.push(requestIdHeader, requestId);
  return headers;
}

function openPool(
  origin: string,
  connections: number | null,
  { http2 = false, timeoutMs = 10_000, connectTimeoutMs = 3_000 }: HttpTransportOptions,
): Pool {
  // undici's types know `useH2c` of its other clients only.
  const protocol = { allowH2: http2, useH2c: http2 };
  return new Pool(origin, {
    ...protocol,
    connections,
    keepAliveTimeout: keepAliveMs,
    keepAliveMaxTimeout: keepAliveMs,
    connectTimeout: Math.min(connectTimeoutMs, timeoutMs),
    connect: { preferH2: http2 },
    // Every call has a deadline of its own.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

function reasonOf(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new Error(String(reason));
}
