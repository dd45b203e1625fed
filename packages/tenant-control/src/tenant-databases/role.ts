import { escapeIdentifier, escapeLiteral, type ClientBase } from 'pg';
import { boundRole, boundsOf } from '../clusters/role-bounds.ts';
import { actFor } from '../postgres/act-for.ts';
import { scramVerifier } from '../postgres/scram.ts';

/** Connections of one tenant at most, over all processes: a backstop behind the pools' own budgets. */
export const connectionLimit = 40;

/** A role and what it signs in with. */
export interface Login {
  readonly roleName: string;
  readonly password: string;
}

/**
 * Makes a tenant's own role, or brings it to what it should be: it may sign in and own its database, nothing else.
 *
 * @param onPart for tests: called between the parts
 */
export async function makeRole(
  administrator: ClientBase,
  { roleName, password }: Login,
  onPart: () => Promise<void> = async () => {},
): Promise<void> {
  const role = escapeIdentifier(roleName);
  const attributes = `LOGIN CONNECTION LIMIT ${connectionLimit} PASSWORD ${escapeLiteral(scramVerifier(password))}`;
  const { rows } = await administrator.query<{ isThere: boolean; isSuperuser: boolean; inheritance: string }>(look, [roleName]);
  const { isThere = false, isSuperuser = false, inheritance = '' } = rows[0] ?? {};
  await onPart();
  if (isThere) {
    await administrator.query(`ALTER ROLE ${role} ${attributes}`);
    await boundRole(administrator, roleName);
  } else {
    // One transaction: nobody ever sees the role without its bounds.
    await administrator.query(`
      CREATE ROLE ${role} NOSUPERUSER NOCREATEDB NOCREATEROLE ${inheritance} NOREPLICATION NOBYPASSRLS ${attributes};
      ${boundsOf(roleName)}`);
  }
  await onPart();
  if (!isSuperuser) await actFor(administrator, roleName);
}

/** It is given no role. Before Postgres 16, though, who owns a database inherits what its schema `public` grants that database's owner. */
const look = `
  SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1) AS "isThere", rolsuper AS "isSuperuser",
    CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'INHERIT' ELSE 'NOINHERIT' END AS inheritance
  FROM pg_roles WHERE rolname = current_user`;
