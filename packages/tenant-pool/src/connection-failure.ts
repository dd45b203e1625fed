import { isDriverAdapterError, type Error as DriverFailure } from '@prisma/driver-adapter-utils';
import { TenantBusyError, TenantUnavailableError } from './errors.ts';

/**
 * Why there is no connection: the server was not reached or went away, it refused the role's password, it has no such
 * database, or there were too many connections.
 */
export type ConnectionFailure = 'unreachable' | 'authentication' | 'missing-database' | 'overload';

const byDriverFailure: Partial<Record<DriverFailure['kind'], ConnectionFailure>> = {
  DatabaseNotReachable: 'unreachable',
  ConnectionClosed: 'unreachable',
  SocketTimeout: 'unreachable',
  TlsConnectionError: 'unreachable',
  AuthenticationFailed: 'authentication',
  DatabaseAccessDenied: 'authentication',
  DatabaseDoesNotExist: 'missing-database',
  TooManyConnections: 'overload',
};

/** Node.js's codes of socket and DNS errors, and SQLSTATEs (PostgreSQL, Appendix A). */
const byCode: Readonly<Record<string, ConnectionFailure>> = {
  EAI_AGAIN: 'unreachable',
  ECONNABORTED: 'unreachable',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  EPIPE: 'unreachable',
  ETIMEDOUT: 'unreachable',
  '08000': 'unreachable',
  '08001': 'unreachable',
  '08003': 'unreachable',
  '08004': 'unreachable',
  '08006': 'unreachable',
  '57P01': 'unreachable',
  '57P02': 'unreachable',
  '57P03': 'unreachable',
  '57P05': 'unreachable',
  '28000': 'authentication',
  '28P01': 'authentication',
  '3D000': 'missing-database',
  '53300': 'overload',
};

/** What `pg` and `pg-pool` say without a code. */
const byMessage: readonly (readonly [start: string, ConnectionFailure])[] = [
  ['timeout exceeded when trying to connect', 'overload'],
  ['Connection terminated', 'unreachable'],
  ['timeout expired', 'unreachable'],
  ['Client has encountered a connection error', 'unreachable'],
  ['Client was closed', 'unreachable'],
  ['Cannot use a pool after calling end', 'unreachable'],
  ['The server does not support SSL connections', 'unreachable'],
];

/** Classifies an error of `pg`, of Prisma's driver adapter, or of Prisma; null when it is not about the connection. */
export function connectionFailure(error: unknown): ConnectionFailure | null {
  if (!(error instanceof Error)) return null;
  const driverFailure = driverFailureOf(error);
  if (driverFailure) return byDriverFailure[driverFailure.kind] ?? byCode[driverFailure.originalCode ?? ''] ?? null;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return byCode[code] ?? byMessage.find(([start]) => error.message.startsWith(start))?.[1] ?? null;
}

function driverFailureOf(error: Error): DriverFailure | null {
  if (isDriverAdapterError(error)) return error.cause;
  const meta = 'meta' in error && typeof error.meta === 'object' ? error.meta : null;
  if (meta === null || !('driverAdapterError' in meta)) return null;
  const { driverAdapterError } = meta;
  return driverAdapterError instanceof Error && isDriverAdapterError(driverAdapterError) ? driverAdapterError.cause : null;
}

const unavailable: Record<Exclude<ConnectionFailure, 'overload'>, string> = {
  unreachable: "The tenant's database does not answer.",
  authentication: "The tenant's database refused its credentials.",
  'missing-database': "The tenant's database is not there.",
};

export function connectionError(failure: ConnectionFailure, cause: unknown): TenantBusyError | TenantUnavailableError {
  if (failure !== 'overload') return new TenantUnavailableError(unavailable[failure], { cause });
  return new TenantBusyError("There was no connection to the tenant's database within the deadline.", { cause });
}
