export { latestMigration, migrationsChecksum, type Database } from './databases.ts';
export { MigrationError } from './errors.ts';
export { migrateDatabase, type MigrateOptions, type MigrationResult } from './migrate.ts';
