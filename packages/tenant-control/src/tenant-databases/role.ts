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
  const { rowCount } = await administrator.query('SELECT FROM pg_roles WHERE rolname = $1', [roleName]);
  await onPart();
  if (rowCount === 0) {
    // One transaction: nobody ever sees the role without its bounds.
    await administrator.query(`
      CREATE ROLE ${role} NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT NOREPLICATION NOBYPASSRLS ${attributes};
      ${boundsOf(roleName)}`);
  } else {
    await administrator.query(`ALTER ROLE ${role} ${attributes}`);
    await boundRole(administrator, roleName);
  }
  await onPart();
  await actFor(administrator, roleName);
}

export async function dropRole(administrator: ClientBase, roleName: string): Promise<void> {
  await administrator.query(`DROP ROLE IF EXISTS ${escapeIdentifier(roleName)}`);
}
