import { isDriverAdapterError, type Error as DriverFailure } from '@prisma/driver-adapter-utils';
import { TenantBusyError, TenantUnavailableError } from '../errors.ts';
import { poolerFailure, poolerState } from './pooler-failure.ts';

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

/** Node.js's codes of socket, DNS and TLS errors, and SQLSTATEs (PostgreSQL, Appendix A). */
const byCode: Readonly<Record<string, ConnectionFailure>> = {
  EAI_AGAIN: 'unreachable',
  EAI_FAIL: 'unreachable',
  ECONNABORTED: 'unreachable',
  ECONNREFUSED: 'unreachable',
  ECONNRESET: 'unreachable',
  EHOSTDOWN: 'unreachable',
  EHOSTUNREACH: 'unreachable',
  ENETDOWN: 'unreachable',
  ENETUNREACH: 'unreachable',
  ENOTFOUND: 'unreachable',
  EPIPE: 'unreachable',
  EPROTO: 'unreachable',
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
  '57P04': 'missing-database',
  // This machine has no files or ports left for another connection.
  EADDRNOTAVAIL: 'overload',
  EMFILE: 'overload',
  ENFILE: 'overload',
  '53300': 'overload',
};

/** What `pg` and `pg-pool` say without a code, and Postgres with one that stands for much else. */
const byMessage: readonly (readonly [pattern: RegExp, ConnectionFailure])[] = [
  [/^timeout exceeded when trying to connect/, 'overload'],
  [/^Connection terminated/, 'unreachable'],
  [/^timeout expired/, 'unreachable'],
  // Prisma's `maxWait` is longer than what the pool takes to refuse, unless the caller's own is shorter, or BEGIN has no answer.
  [/^Transaction API error: Unable to start a transaction in the given time/, 'overload'],
  [/^Client has encountered a connection error/, 'unreachable'],
  [/^Client was closed/, 'unreachable'],
  [/^Cannot use a pool after calling end/, 'unreachable'],
  [/^The server does not support SSL connections/, 'unreachable'],
  [/^There was an error establishing an SSL connection/, 'unreachable'],
  [/^database ".*" is not currently accepting connections$/, 'unreachable'],
  [/^permission denied for database /, 'authentication'],
  // Pg's own end of SCRAM: what answered is not who knows the password, or asks for it in a way that would give it away.
  [/^SASL: /, 'authentication'],
];

/** Of the certificate, or of what was agreed on; there are too many to name (Node.js, `tls`, "X509 certificate error codes"). */
const tlsCode = /^ERR_(?:SSL|TLS)_|CERT|_CRL|^INVALID_(?:CA|PURPOSE)$|^HOSTNAME_MISMATCH$/;

/** Severities after which there is no session, for whatever reason (PostgreSQL, 20.8.2). */
const endsSession: ReadonlySet<string> = new Set(['FATAL', 'PANIC']);

/** What an error says of itself, whoever's it is. */
interface Symptoms {
  readonly code: string;
  readonly severity: string;
  readonly message: string;
}

/** Classifies an error of `pg`, of Prisma's driver adapter, or of Prisma; null when it is not about the connection. */
export function connectionFailure(error: unknown): ConnectionFailure | null {
  if (!(error instanceof Error)) return null;
  const driverFailure = driverFailureOf(error);
  if (!driverFailure) return classify({ code: textOf(error, 'code'), severity: textOf(error, 'severity'), message: error.message });
  const { originalCode: code = '', originalMessage: message = '' } = driverFailure;
  return byDriverFailure[driverFailure.kind] ?? classify({ code, severity: textOf(driverFailure, 'severity'), message });
}

function classify({ code, severity, message }: Symptoms): ConnectionFailure | null {
  // As an ERROR it is a statement's: parameters that do not fit, for one.
  if (code === poolerState && severity === 'FATAL') return poolerFailure(message);
  if (tlsCode.test(code)) return 'unreachable';
  const known = byCode[code] ?? byMessage.find(([pattern]) => pattern.test(message))?.[1];
  return known ?? (endsSession.has(severity) ? 'unreachable' : null);
}

function textOf(object: object, name: string): string {
  const value: unknown = Reflect.get(object, name);
  return typeof value === 'string' ? value : '';
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
