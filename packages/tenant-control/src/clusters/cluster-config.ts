import { z } from 'zod';

/** A Postgres server for tenant databases, and the URL of a role there with CREATEDB and CREATEROLE, or a superuser. */
export interface ClusterConfig {
  readonly name: string;
  readonly adminUrl: string;
}

const example = '{"standard": "postgres://admin:secret@host:5432/postgres"}';
const clusterName = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, 'a cluster is named with lower-case letters, digits and hyphens');
const adminUrl = z.string().refine((text) => {
  const url = URL.parse(text);
  return (
    (url?.protocol === 'postgres:' || url?.protocol === 'postgresql:') && url.hostname !== '' && url.username !== '' && url.pathname !== ''
  );
}, 'must be a URL such as postgres://admin:secret@host:5432/postgres');

/** `TENANT_CLUSTERS`: names of clusters with their administrator's URLs. The first one takes tenants whose tier names none. */
export const clusterVariable = z
  .string()
  .describe(`JSON that names each cluster's administrator, for example ${example}`)
  .transform((text, check): readonly ClusterConfig[] => {
    const parsed = z.record(clusterName, adminUrl).safeParse(parseJson(text));
    if (!parsed.success || Object.keys(parsed.data).length === 0) {
      // The value holds passwords, so it is not repeated.
      const where = parsed.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`.trim()).join('; ');
      check.addIssue(`must be JSON such as ${example}${where === undefined ? '' : ` (${where})`}`);
      return z.NEVER;
    }
    return Object.entries(parsed.data).map(([name, url]) => ({ name, adminUrl: url }));
  });

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
