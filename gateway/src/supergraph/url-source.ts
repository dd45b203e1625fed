import { text } from 'node:stream/consumers';
import { Agent, interceptors, request } from 'undici';
import { SupergraphError } from '../errors.ts';
import { maxSupergraphBytes, type SupergraphSource } from './supergraph-source.ts';

export interface UrlSourceOptions {
  /** Answers a GET with the supergraph as SDL. */
  url: string;
  /** Sent as a bearer token. */
  token?: string | undefined;
  /** Milliseconds between requests. Default 10000. */
  pollMs?: number;
  /** Milliseconds that an answer may take. Default 10000. */
  timeoutMs?: number;
}

const maxRedirections = 3;

/** A supergraph that a server has, a registry's CDN for one. It is asked for again only where it may have changed (RFC 9110 §13.1.2). */
export function urlSource({ url, token, pollMs = 10_000, timeoutMs = 10_000 }: UrlSourceOptions): SupergraphSource {
  let entityTag: string | null = null;
  return {
    origin: withoutSecrets(url),
    pollMs,
    async read(signal) {
      const deadline = AbortSignal.timeout(timeoutMs);
      // Polls are far apart: a connection is made for each, and none is kept.
      const agent = new Agent({ maxResponseSize: maxSupergraphBytes, connectTimeout: timeoutMs });
      try {
        const { statusCode, headers, body } = await request(url, {
          headers: {
            accept: 'application/graphql, text/plain;q=0.9, */*;q=0.1',
            ...(token !== undefined && { authorization: `Bearer ${token}` }),
            ...(entityTag !== null && { 'if-none-match': entityTag }),
          },
          signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
          dispatcher: agent.compose(interceptors.redirect({ maxRedirections })),
        });
        const content = await text(body);
        if (statusCode === 304 && entityTag !== null) return null;
        if (statusCode !== 200) throw new SupergraphError(withoutSecrets(url), `is answered with status ${statusCode}.`);
        entityTag = headers['etag']?.toString() ?? null;
        return content;
      } catch (cause) {
        throw cause instanceof SupergraphError ? cause : unreachable(url, cause);
      } finally {
        await agent.destroy();
      }
    },
  };
}

/** A password, or a token in the query, is nothing for a log. */
function withoutSecrets(url: string): string {
  const { origin, pathname } = new URL(url);
  return origin + pathname;
}

function unreachable(url: string, cause: unknown): SupergraphError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SupergraphError(withoutSecrets(url), `cannot be fetched: ${reason}`, { cause });
}
