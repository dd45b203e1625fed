import * as fc from 'fast-check';
import {
  execute,
  getNamedType,
  getOperationAST,
  getNullableType,
  isAbstractType,
  isCompositeType,
  isLeafType,
  isListType,
  isObjectType,
  parse,
  specifiedRules,
  validate,
  type DocumentNode,
  type GraphQLResolveInfo,
  type GraphQLSchema,
} from 'graphql';
import { isMet, type Principal } from '@tenantry/auth';
import { TenantryError } from '@tenantry/service';
import { expect, test } from 'vitest';
import { operations } from '../../test/support/operation-generator.ts';
import { testApi } from '../../test/support/test-supergraph.ts';
import { createAuthorization } from './authorize-operation.ts';
import type { AccessRules } from './take-access-rules.ts';

const { schema } = testApi();
const scopes = ['a', 'b', 'c'];
const mostPossibleTypes = Math.max(
  ...Object.values(schema.getTypeMap())
    .filter(isAbstractType)
    .map((type) => schema.getPossibleTypes(type).length),
);

const principalWith = (held: readonly string[]): Principal => {
  return { issuer: 'i', subject: 's', tenantId: null, scopes: held, email: null, emailVerified: false, expiresAt: null };
};
const principals = fc.option(fc.subarray(scopes).map(principalWith), { freq: 4 });

/** Rules over a few coordinates of what data is made of; none of them is repeated on interfaces, as composition would do. */
const rules: fc.Arbitrary<AccessRules> = fc
  .uniqueArray(
    fc.tuple(fc.constantFrom(...ruledCoordinates(schema)), fc.array(fc.subarray(scopes, { maxLength: 2 }), { minLength: 1, maxLength: 2 })),
    { selector: ([coordinate]) => coordinate, minLength: 1, maxLength: 6 },
  )
  .map((entries) => new Map(entries));

function ruledCoordinates(api: GraphQLSchema): string[] {
  const types = Object.values(api.getTypeMap()).filter((type) => !type.name.startsWith('__'));
  const named = types.filter((type) => isObjectType(type) || isLeafType(type)).map(({ name }) => name);
  const fields = types.filter(isObjectType).flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));
  return [...named, ...fields];
}

/**
 * Executes a document over data of every type there is, and tells which coordinates were reached: fields, the objects that hold
 * them, and the types that they returned. Where one of several types can come, `turn` says which.
 */
function coordinatesReached(document: DocumentNode, turn: number): Set<string> {
  const reached = new Set<string>();
  function resolve(
    _parent: unknown,
    _arguments: unknown,
    _context: unknown,
    { parentType, fieldName, returnType }: GraphQLResolveInfo,
  ): unknown {
    const named = getNamedType(returnType);
    reached.add(parentType.name).add(`${parentType.name}.${fieldName}`);
    if (!isAbstractType(named)) reached.add(named.name);
    const list = isListType(getNullableType(returnType));
    if (!isCompositeType(named)) return list ? [scalarValue(named.name)] : scalarValue(named.name);
    const possible = isAbstractType(named) ? schema.getPossibleTypes(named) : [named];
    const objects = possible.map(({ name }) => ({ __typename: name }));
    return list ? objects : objects[turn % objects.length];
  }
  const result = execute({ schema, document, fieldResolver: resolve });
  if (result instanceof Promise) throw new Error('The execution is synchronous.');
  expect(result.errors).toBeUndefined();
  return reached;
}

function scalarValue(typeName: string): unknown {
  if (typeName === 'Int') return 1;
  if (typeName === 'Boolean') return true;
  return typeName === 'Level' ? 'SENIOR' : 'text';
}

test('no operation that is let through reaches what is not for its principal', () => {
  let allowed = 0;
  let refused = 0;
  fc.assert(
    fc.property(operations(schema), rules, principals, (text, accessRules, principal) => {
      const document = parse(text);
      expect(validate(schema, document, specifiedRules)).toEqual([]);
      if (!isAllowed(document, accessRules, principal)) {
        refused++;
        return;
      }
      allowed++;
      for (let turn = 0; turn < mostPossibleTypes; turn++) {
        expect(forbiddenAmong(coordinatesReached(document, turn), accessRules, principal)).toEqual([]);
      }
    }),
    { numRuns: 3000 },
  );
  // The property says nothing unless both happen often.
  expect(Math.min(allowed, refused)).toBeGreaterThan(300);
});

test('a principal with every scope is refused nothing', () => {
  fc.assert(
    fc.property(operations(schema), rules, (text, accessRules) => {
      expect(isAllowed(parse(text), accessRules, principalWith(scopes))).toBe(true);
    }),
    { numRuns: 500 },
  );
});

function isAllowed(document: DocumentNode, accessRules: AccessRules, principal: Principal | null): boolean {
  try {
    createAuthorization(accessRules)({ document, operation: getOperationAST(document)! }, schema, principal);
    return true;
  } catch (error) {
    if (error instanceof TenantryError) return false;
    throw error;
  }
}

function forbiddenAmong(coordinates: Iterable<string>, accessRules: AccessRules, principal: Principal | null): string[] {
  return [...coordinates].filter((coordinate) => {
    const requirement = accessRules.get(coordinate);
    return requirement !== undefined && !isMet(requirement, principal);
  });
}
