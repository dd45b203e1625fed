import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import type { TenantLogin } from '../clusters/pooler-access.ts';

/**
 * Signs in to a tenant's database by a login.
 *
 * @throws when that does not lead to acting as `owner`, whose database it is
 */
export async function verifyLogin(
  admin: ClusterAdmin,
  { roleName: role, password, databaseName }: TenantLogin,
  owner: string,
): Promise<void> {
  await admin.as({ role, password }, databaseName, async (client) => {
    const { rows } = await client.query<{ actor: string; owner: string }>(
      'SELECT current_user AS actor, pg_get_userbyid(datdba) AS owner FROM pg_database WHERE datname = current_database()',
    );
    const [found] = rows;
    if (found?.owner !== owner) throw new Error(`The database ${databaseName} belongs to ${found?.owner}, not to ${owner}.`);
    if (found.actor !== owner) throw new Error(`Who signs in as ${role} acts as ${found.actor}, not as ${owner}.`);
  });
}
