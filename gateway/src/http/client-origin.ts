import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/** Addresses of IPv4 clients on a socket that takes both kinds (RFC 4291 §2.5.5.2). */
const mappedPrefix = /^::ffff:(?=\d+\.)/i;

/**
 * The address that a request came from: its socket's, or, where that is a trusted proxy's, the one that the proxy names. Null when
 * what a proxy names is no address.
 */
export function originOf({ ip }: Pick<FastifyRequest, 'ip'>): string | null {
  const [address = ''] = ip.replace(mappedPrefix, '').split('%');
  return isIP(address) === 0 ? null : address;
}
