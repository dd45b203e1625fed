import { Pooling } from '@tenantry/prisma/control';
import { parseJson } from '@tenantry/service';
import { sslModes } from '@tenantry/tenant-pool';
import { z } from 'zod';

/** A Postgres server for tenant databases. */
export interface ClusterConfig {
  readonly name: string;
  /** URL of a role there with CREATEDB and CREATEROLE, or of a superuser. What it does goes to the server itself, never through a pooler. */
  readonly adminUrl: string;
  /** Where tenants' connections go. Default: to the server of `adminUrl`. */
  readonly tenants?: TenantRoute;
  /** Databases kept ready for new tenants. Default {@link defaultShelfSize}. */
  readonly shelf?: number;
}

/** New tenants at the same moment that need not wait for a database. */
export const defaultShelfSize = 4;

/** More would be a mistake rather than a wish: each takes some 10 MB of disk. */
const largestShelf = 1000;

/** The way of tenants' connections to a cluster, where it is not the administrator's. */
export interface TenantRoute {
  readonly host: string;
  readonly port: number;
  readonly sslMode: (typeof sslModes)[number];
  readonly pooling: Pooling;
  /**
   * The role as which a PgBouncer in `transaction` mode reads how tenants sign in (its `auth_user`). It is let into every tenant's
   * database, for that and nothing else. Null: the pooler knows the tenants' roles in some other way.
   */
  readonly authUser: string | null;
}

const example = '{"standard": "postgres://admin:secret@host:5432/postgres"}';
const defaultPorts: Readonly<Record<Pooling, number>> = { direct: 5432, transaction: 6432 };
const longestIdentifier = 63;

const clusterName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'a cluster is named with lower-case letters, digits and hyphens');
const adminUrl = z
  .string('must be a URL such as postgres://admin:secret@host:5432/postgres')
  .refine(isAdminUrl, 'must be a URL such as postgres://admin:secret@host:5432/postgres');
const tenantRoute = z
  .strictObject(
    {
      host: z.string().min(1, 'must be the name or address of a host'),
      port: z.int().min(1).max(65_535).optional(),
      sslmode: z.enum(sslModes).default('prefer'),
      pooling: z.enum(Pooling),
      auth_user: z.string().min(1).max(longestIdentifier).optional(),
    },
    'must be an object with "host", "pooling" and optionally "port", "sslmode" and "auth_user"',
  )
  .refine(({ pooling, auth_user: user }) => pooling === 'transaction' || user === undefined, {
    path: ['auth_user'],
    message: 'is a pooler’s, and goes with "pooling": "transaction" only',
  })
  .transform(({ host, port, sslmode: sslMode, pooling, auth_user: authUser = null }): TenantRoute => ({
    host,
    port: port ?? defaultPorts[pooling],
    sslMode,
    pooling,
    authUser,
  }));
const cluster = z.preprocess(
  (value) => (typeof value === 'string' ? { admin: value } : value),
  z.strictObject(
    { admin: adminUrl, tenants: tenantRoute.optional(), shelf: z.int().min(0).max(largestShelf).optional() },
    'must be a URL, or an object with "admin" and optionally "tenants" and "shelf"',
  ),
);

/**
 * `TENANT_CLUSTERS`: names of clusters with their administrator's URLs, or with that (`admin`) and the way of tenants' connections
 * (`tenants`) or the number of databases kept ready (`shelf`). The first one takes tenants whose tier names none.
 */
export const clusterVariable = z
  .string()
  .describe(`JSON that names each cluster's administrator, for example ${example}`)
  .transform((text, check): readonly ClusterConfig[] => {
    const parsed = z.record(clusterName, cluster).safeParse(parseJson(text));
    if (!parsed.success || Object.keys(parsed.data).length === 0) {
      const where = parsed.error?.issues.map(describeIssue).join('; ');
      check.addIssue(`must be JSON such as ${example}${where === undefined ? '' : ` (${where})`}`);
      return z.NEVER;
    }
    return Object.entries(parsed.data).map(([name, value]) => configOf(name, value));
  });

function configOf(name: string, { admin, tenants, shelf }: z.output<typeof cluster>): ClusterConfig {
  return { name, adminUrl: admin, ...(tenants && { tenants }), ...(shelf !== undefined && { shelf }) };
}

/** The value holds passwords, so nothing of it is repeated but names that are known to be ones. */
function describeIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_key') return issue.issues.map(({ message }) => message).join('; ');
  return `${issue.path.join('.')} ${issue.message}`.trim();
}

function isAdminUrl(text: string): boolean {
  const url = URL.parse(text);
  const isPostgres = url?.protocol === 'postgres:' || url?.protocol === 'postgresql:';
  return isPostgres && url.hostname !== '' && url.username !== '' && url.pathname !== '';
}
