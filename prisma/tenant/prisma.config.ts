/** For the `prisma` command (`migrate`, `studio`) on one tenant's database: `prisma studio --config tenant/prisma.config.ts`. */
export default {
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  datasource: { url: process.env['TENANT_DATABASE_URL'] ?? '' },
};
