import type { Principal } from '@tenantry/auth';
import { TenantryError } from '@tenantry/service';
import { getOperationAST, parse, specifiedRules, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { testApi } from '../../test/support/test-supergraph.ts';
import type { ValidOperation } from '../operation.ts';
import { createAuthorization } from './authorize-operation.ts';

const { schema, rules } = testApi();
const authorize = createAuthorization(rules);

function operationOf(text: string, name?: string): ValidOperation {
  const document = parse(text);
  expect(validate(schema, document, specifiedRules)).toEqual([]);
  return { document, operation: getOperationAST(document, name)! };
}

function principalWith(...scopes: string[]): Principal {
  return { issuer: 'https://issuer.example', subject: 'ada', tenantId: null, scopes, email: null, emailVerified: false, expiresAt: null };
}

/** The code with which the operation is refused; null where it is let through. */
function refusal(text: string, principal: Principal | null, name?: string): string | null {
  try {
    authorize(operationOf(text, name), schema, principal);
    return null;
  } catch (error) {
    if (error instanceof TenantryError) return error.code;
    throw error;
  }
}

describe('without a token', () => {
  test.each([
    ['{ __typename }'],
    ['{ __schema { types { name fields { name } } } __type(name: "Salary") { name } }'],
    ['{ greet(name: "x") books { id title } }'],
    ['{ titled { title ... on Note { id } } }'],
    ['{ search { __typename ... on Note { title } } }'],
  ])('reaches %s', (text) => expect(refusal(text, null)).toBeNull());

  test.each([
    ['a field', '{ me { __typename } }'],
    ['an alias', '{ greet(name: "x") greeting: me { id } }'],
    ['a mutation', 'mutation { rename(id: "ada", name: "x") { __typename } }'],
    ['a type, by an open field that returns it', '{ books { owner { __typename } } }'],
    ['a type, from an open object', '{ notes { author { id } } }'],
    ['a fragment', '{ ...F } fragment F on Query { me { id } }'],
    [
      'fragments in fragments',
      '{ ...A } fragment A on Query { ... on Query { ...B } } fragment B on Query { books { ...C } } fragment C on Book { owner { id } }',
    ],
    ['a member of a union', '{ search { ... on Person { id } } }'],
    ['a member of a union, by its name alone', '{ search { ... on Person { __typename } } }'],
    ['an interface that protected types implement', '{ node(id: "x") { id } }'],
    ['an interface, within a union', '{ search { ... on Node { id } } }'],
    ['a field that is skipped', '{ me @skip(if: true) { id } }'],
    ['a field that a variable includes', 'query($yes: Boolean = false) { me @include(if: $yes) { id } }'],
    ['a fragment that a variable includes', 'query($yes: Boolean = false) { ...F @include(if: $yes) } fragment F on Query { me { id } }'],
  ])('does not reach what is behind %s', (_what, text) => expect(refusal(text, null)).toBe('UNAUTHENTICATED'));
});

describe('with a token', () => {
  test.each([
    ['{ me { id name friends { name } books { title } } }', []],
    ['{ me { email } }', ['email:read']],
    ['{ me { level } }', ['level:read']],
    ['{ me { fingerprint } }', ['biometrics:read']],
    ['{ books { price } }', ['price:read']],
    ['{ salaries { amount } }', ['payroll:read']],
    ['{ salaries { amount } }', ['admin', 'audit', 'other']],
    ['{ search { __typename ... on Person { name } ... on Note { title } } }', []],
    ['{ me { email salary { amount } } }', ['email:read', 'payroll:read']],
  ])('reaches %s with the scopes %j', (text, scopes) => expect(refusal(text, principalWith(...scopes))).toBeNull());

  test.each([
    ['{ me { email } }', ['email:write']],
    ['{ me { level } }', []],
    ['{ me { alias: fingerprint } }', []],
    ['{ me { friends { friends { books { price } } } } }', ['email:read']],
    ['{ salaries { amount } }', ['admin']],
    ['{ salaries { amount } }', ['audit']],
    ['{ me { salary { __typename } } }', []],
    ['{ search { ... on Salary { __typename } } }', []],
    ['{ search { ... on Node { ... on Salary { amount } } } }', []],
    ['{ node(id: "x") { ... on Person { name } } }', []],
    ['{ me { email salary { amount } } }', ['email:read']],
  ])('does not reach %s with the scopes %j', (text, scopes) => expect(refusal(text, principalWith(...scopes))).toBe('FORBIDDEN'));
});

test('a refusal names the fields and the scopes', () => {
  const text = '{ me { email } books { price } salaries { id } }';
  expect(() => authorize(operationOf(text), schema, principalWith())).toThrow(
    'The token does not allow this: Person.email needs scope email:read, Book.price needs scope price:read, ' +
      'Query.salaries needs scope payroll:read or scopes admin + audit and 1 more.',
  );
  expect(() => authorize(operationOf(text), schema, null)).toThrow('Sign in to reach Query.me, Person, Person.email and 3 more.');
});

test('only the operation that is executed counts', () => {
  const text = 'query Open { greet(name: "x") } query Closed { me { id } }';
  expect(refusal(text, null, 'Open')).toBeNull();
  expect(refusal(text, null, 'Closed')).toBe('UNAUTHENTICATED');
});

test('a requirement without any set of scopes is met by nobody', () => {
  const authorizeNobody = createAuthorization(new Map([['Query.greet', []]]));
  expect(() => authorizeNobody(operationOf('{ greet(name: "x") }'), schema, principalWith('any'))).toThrow(
    'Query.greet needs what no token holds',
  );
});

test('fragments that multiply are worked through once each', () => {
  const doubling = Array.from({ length: 60 }, (_, index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`);
  expect(refusal(`{ ...F0 } ${doubling.join(' ')} fragment F60 on Query { me { id } }`, null)).toBe('UNAUTHENTICATED');
});
