import type { Principal } from './principal.ts';

/**
 * What a principal must hold to reach an element of a schema: every scope of at least one set. `[[]]` asks for no scope but
 * for somebody who is signed in; `[]` is met by nobody.
 */
export type AccessRequirement = readonly (readonly string[])[];

/** The requirement of `@authenticated`. */
export const signedIn: AccessRequirement = [[]];

export function isMet(requirement: AccessRequirement, principal: Principal | null): boolean {
  return principal !== null && requirement.some((scopes) => scopes.every((scope) => principal.scopes.includes(scope)));
}
