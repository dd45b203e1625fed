import type { FastifyInstance } from 'fastify';
import { PortInUseError } from './errors.ts';

export interface ListenOptions {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** The variable that the port comes from, for the error. Default `PORT`. */
  variable?: string;
}

/**
 * Has `server` listen.
 *
 * @returns its origin
 * @throws {PortInUseError}
 */
export async function listen(server: FastifyInstance, { host, port, variable = 'PORT' }: ListenOptions): Promise<string> {
  try {
    return await server.listen({ host, port });
  } catch (cause) {
    const isTaken = cause instanceof Error && 'code' in cause && cause.code === 'EADDRINUSE';
    throw isTaken ? new PortInUseError(port, variable, { cause }) : cause;
  }
}
