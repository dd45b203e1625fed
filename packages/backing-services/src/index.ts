export { startDisposablePostgres, type DisposablePostgres } from './disposable-postgres.ts';
export { startEmbeddedPostgres, type EmbeddedPostgres, type EmbeddedPostgresOptions } from './embedded-postgres.ts';
export { AdministratorPasswordError, DataDirectoryInUseError, PortInUseError } from './errors.ts';
export { pgBouncerVersion, startPgBouncer, type PgBouncer, type PgBouncerOptions } from './pgbouncer.ts';
export { freePort } from './free-port.ts';
