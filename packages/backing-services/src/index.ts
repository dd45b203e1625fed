export { freePort, PortInUseError, startEmbeddedPostgres, type EmbeddedPostgres } from './embedded-postgres.ts';
export { startDisposablePostgres } from './postgres-for-tests.ts';
