export { latestMigration, migrationsChecksum, migrationsFolder, schemaText, type Database } from './databases.ts';
export { displayName } from './display-name.ts';
export { emailAddress, normaliseEmail } from './email-address.ts';
export { MigrationError } from './errors.ts';
export { migrateDatabase, type MigrateOptions, type MigrationResult } from './migrate.ts';
export { plainText, searchText } from './text.ts';
