/** Migrates the database of `DATABASE_URL` and ends: what a tutorial starts for each tenant. */
import { migrateDatabase } from '@tenantry/prisma';

await migrateDatabase({ url: process.env['DATABASE_URL'] ?? '', database: 'tenant' });
