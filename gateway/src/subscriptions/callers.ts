import type { IncomingMessage } from 'node:http';
import proxyAddr from '@fastify/proxy-addr';
import { originOf } from '../http/client-origin.ts';

/** Reads what is known of whoever opens a connection. Behind trusted proxies, it is what they say. */
export class Callers {
  readonly #isTrusted: (address: string, hop: number) => boolean;
  readonly #corsOrigins: readonly string[];

  constructor(trustedProxies: readonly string[], corsOrigins: readonly string[]) {
    this.#isTrusted = proxyAddr.compile([...trustedProxies]);
    this.#corsOrigins = corsOrigins;
  }

  /** Address of the client; null when it is not known. */
  addressOf(request: IncomingMessage): string | null {
    return originOf({ ip: proxyAddr(request, this.#isTrusted) });
  }

  /**
   * Whether a page may open a connection. A browser lets every page open a WebSocket anywhere, and says where the page is from
   * (RFC 6455 §10.2); who says nothing is no browser.
   */
  isAllowedPage(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined || this.#corsOrigins.includes(origin)) return true;
    const host = URL.parse(origin)?.host;
    return host !== undefined && host === this.#hostOf(request);
  }

  #hostOf({ headers, socket }: IncomingMessage): string | undefined {
    const forwarded = headers['x-forwarded-host'];
    const isForwarded = typeof forwarded === 'string' && this.#isTrusted(socket.remoteAddress ?? '', 0);
    return isForwarded ? forwarded : headers.host;
  }
}
