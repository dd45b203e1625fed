import type { Principal } from '@tenantry/auth';

/**
 * What a principal must hold to reach an element of the schema: every scope of at least one set. `[[]]` asks for no scope but
 * for somebody who is signed in; `[]` is met by nobody.
 */
export type Requirement = readonly (readonly string[])[];

/** The requirement of `@authenticated`. */
export const signedIn: Requirement = [[]];

/** Requirements by schema coordinate: `User`, `Query.users`. What is not listed is open to everybody. */
export type AccessRules = ReadonlyMap<string, Requirement>;

export function isMet(requirement: Requirement, principal: Principal | null): boolean {
  return principal !== null && requirement.some((scopes) => scopes.every((scope) => principal.scopes.includes(scope)));
}
