import type { ClientBase } from 'pg';
import { serverVersion } from './server-version.ts';

/** The first version where a grant of membership says whether the member inherits; before, the member does, made with the same word. */
const inheritanceByGrant = 16;

/**
 * What follows `GRANT role TO member` for a member who may become the role and grant it to nobody, and uses its rights without becoming it
 * only with `INHERIT`.
 */
export async function membershipOptions(client: Pick<ClientBase, 'query'>, inheritance: 'INHERIT' | 'NOINHERIT'): Promise<string> {
  if ((await serverVersion(client)) < inheritanceByGrant) return '';
  return `WITH ADMIN FALSE, INHERIT ${inheritance === 'INHERIT'}, SET TRUE`;
}
