/** For the `prisma` command (`migrate`, `studio`) on the control database: `prisma studio --config control/prisma.config.ts`. */
export default {
  schema: 'schema.prisma',
  migrations: { path: 'migrations' },
  datasource: { url: process.env['CONTROL_DATABASE_URL'] ?? '' },
};
