import { isMet, type AccessRequirement, type Principal } from '@tenantry/auth';
import { ForbiddenError, UnauthenticatedError } from '@tenantry/service';
import type { GraphQLSchema } from 'graphql';
import { oncePerOperation } from '../once-per-operation.ts';
import type { ValidOperation } from '../operation.ts';
import type { AccessRules } from './take-access-rules.ts';
import { requiredByOperation } from './required-by-operation.ts';

/** How many fields a refusal names before it only counts the rest. */
const namedFields = 3;

/**
 * @throws {UnauthenticatedError} when nobody is signed in and the operation touches what is not open to everybody
 * @throws {ForbiddenError} when the principal lacks scopes; names the fields and the scopes
 */
export type AuthorizeOperation = (operation: ValidOperation, schema: GraphQLSchema, principal: Principal | null) => void;

/**
 * Makes the check that every operation passes before it is planned. It refuses an operation as a whole: one field that the
 * principal may not reach, on whichever path, and nothing is answered. What an operation requires is worked out once for each
 * parsed document.
 */
export function createAuthorization(rules: AccessRules): AuthorizeOperation {
  const requiredBy = oncePerOperation((operation, schema: GraphQLSchema) => [...requiredByOperation(operation, schema, rules)]);
  return (operation, schema, principal) => {
    const unmet = requiredBy(operation, schema).filter(([, requirement]) => !isMet(requirement, principal));
    if (unmet.length > 0) throw refusal(unmet, principal);
  };
}

function refusal(unmet: readonly (readonly [string, AccessRequirement])[], principal: Principal | null): Error {
  if (principal === null) return new UnauthenticatedError(`Sign in to reach ${enumerate(unmet.map(([coordinate]) => coordinate))}.`);
  return new ForbiddenError(
    `The token does not allow this: ${enumerate(unmet.map(([coordinate, requirement]) => `${coordinate} needs ${describe(requirement)}`))}.`,
  );
}

function enumerate(items: readonly string[]): string {
  const rest = items.length - namedFields;
  const named = items.slice(0, namedFields).join(', ');
  return rest > 0 ? `${named} and ${rest} more` : named;
}

function describe(requirement: AccessRequirement): string {
  if (requirement.length === 0) return 'what no token holds';
  return requirement.map((scopes) => `${scopes.length === 1 ? 'scope' : 'scopes'} ${scopes.join(' + ')}`).join(' or ');
}
