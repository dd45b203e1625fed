import { isIP } from 'node:net';
import type { FastifyRequest } from 'fastify';

/**
 * An address, without the zone that it may have at its end, and without what stands before the address of an IPv4 client on a socket
 * that takes both kinds (RFC 4291 §2.5.5.2).
 */
const addressPattern = /^(?:::ffff:(?=\d+\.))?([^%]*)/i;

/**
 * The address that a request came from: its socket's, or, where that is a trusted proxy's, the one that the proxy names. Null when
 * what a proxy names is no address.
 */
export function originOf({ ip }: Pick<FastifyRequest, 'ip'>): string | null {
  const address = addressPattern.exec(ip)?.[1] ?? '';
  return isIP(address) === 0 ? null : address;
}
