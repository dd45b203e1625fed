import { buildSubgraphSchema } from '@apollo/subgraph';
import type { Principal, TenantContext } from '@tenantry/auth';
import { silentLogger } from '@tenantry/service';
import { createSourceEventStream, execute, getOperationAST, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { guardSchema } from './access-rules.ts';
import { toGraphQLErrors } from './errors-to-graphql.ts';
import { SubgraphDefinitionError } from './errors.ts';
import { CompiledOperation } from './execution/compiled-operation.ts';

const header = (...imports: string[]) =>
  `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${imports.join(', ')}])\n`;

const guarded = `${header('"@key"', '"@authenticated"', '"@requiresScopes"')}
  type Query {
    open: String
    signedIn: String @authenticated
    scoped: String @requiresScopes(scopes: [["read", "extra"], ["all"]])
    both: String @authenticated @requiresScopes(scopes: [["all"]])
    secret: Secret
    secrets: [Secret!]
    node: Node
    colour: Colour
  }
  type Secret @requiresScopes(scopes: [["all"]]) { value: String }
  interface Node { id: ID @authenticated }
  type Thing implements Node { id: ID, name: String }
  interface Locked @authenticated { id: ID }
  type Chest implements Locked { id: ID, gold: Int }
  extend type Query { chest: Chest, found: Found, sealed: Sealed }
  type Gem @requiresScopes(scopes: [["all"]]) { carats: Int, twin: Gem }
  type Pebble { weight: Int }
  union Found = Gem | Pebble
  type Sealed @authenticated { note: String, deep: String @requiresScopes(scopes: [["all"]]), open: String }
  enum Colour @authenticated { RED }
  type Entity @key(fields: "id") @authenticated { id: ID!, data: String }
  type Loose @key(fields: "id") { id: ID!, data: String @requiresScopes(scopes: [["all"]]) }
`;

const read: string[] = [];
const schema = guardSchema(
  buildSubgraphSchema([
    {
      typeDefs: parse(guarded),
      resolvers: {
        Query: {
          open: () => 'yes',
          signedIn: () => 'yes',
          scoped: () => 'yes',
          both: () => 'yes',
          secret: () => ({ value: 'yes' }),
          secrets: () => [{ value: 'yes' }],
          node: () => ({ __typename: 'Thing', id: '1', name: 'yes' }),
          chest: () => ({ id: '1', gold: 1 }),
          colour: () => 'RED',
          found: () => ({ __typename: 'Gem', carats: 1, twin: { carats: 1 } }),
          sealed: () => ({ note: 'yes', deep: 'yes' }),
        },
        Entity: {
          __resolveReference: (reference: { id: string }) => {
            read.push(reference.id);
            return { ...reference, data: 'yes' };
          },
        },
      },
    },
  ]),
  parse(guarded),
);

function contextOf(scopes: string[] | null): TenantContext {
  const principal: Principal | null = scopes && {
    issuer: 'i',
    subject: 's',
    tenantId: null,
    scopes,
    email: null,
    emailVerified: false,
    expiresAt: null,
  };
  return { principal, tenantId: null, impersonated: false, origin: null };
}

async function ask(query: string, scopes: string[] | null, variableValues?: Record<string, unknown>) {
  const contextValue = { request: { tenantContext: contextOf(scopes) } };
  const document = parse(query);
  const definition = getOperationAST(document);
  if (!definition) throw new TypeError('The document has no operation.');
  const compiled = new CompiledOperation(schema, document, definition);
  const { data, errors } = await compiled.execute({ context: contextValue, variables: variableValues });
  const interpreted = await execute({ schema, document, contextValue, variableValues });
  expect({ data, errors: new Set(errors) }).toEqual({ data: interpreted.data, errors: new Set(interpreted.errors) });
  const codes = toGraphQLErrors(errors ?? [], { requestId: 'r', logger: silentLogger }).map(({ extensions }) => extensions['code']);
  return { data: JSON.parse(JSON.stringify(data)) as unknown, codes };
}

describe('access rules', () => {
  it.each([
    ['{ open }', null, { open: 'yes' }],
    ['{ signedIn }', null, 'UNAUTHENTICATED'],
    ['{ signedIn }', [], { signedIn: 'yes' }],
    ['{ scoped }', null, 'UNAUTHENTICATED'],
    ['{ scoped }', ['read'], 'FORBIDDEN'],
    ['{ scoped }', ['extra', 'read'], { scoped: 'yes' }],
    ['{ scoped }', ['all'], { scoped: 'yes' }],
    ['{ both }', ['read', 'extra'], 'FORBIDDEN'],
    ['{ both }', ['all'], { both: 'yes' }],
    ['fragment F on Query { x: signedIn } { ...F }', null, 'UNAUTHENTICATED'],
    ['{ secret { __typename } }', ['read'], 'FORBIDDEN'],
    ['{ secret { value } }', ['all'], { secret: { value: 'yes' } }],
    ['{ secrets { value } }', ['read'], 'FORBIDDEN'],
    ['{ node { ... on Thing { name } } }', null, { node: { name: 'yes' } }],
    ['{ node { ... on Thing { alias: id } } }', null, 'UNAUTHENTICATED'],
    ['{ chest { gold } }', null, 'UNAUTHENTICATED'],
    ['{ chest { gold } }', [], { chest: { gold: 1 } }],
    ['{ found { ... on Gem { carats } } }', ['read'], 'FORBIDDEN'],
    ['{ found { ... on Gem { twin { carats } } } }', ['read'], 'FORBIDDEN'],
    ['{ found { ... on Gem { carats twin { carats } } } }', ['all'], { found: { carats: 1, twin: { carats: 1 } } }],
    ['{ sealed { note } }', null, 'UNAUTHENTICATED'],
    ['{ sealed { note } }', [], { sealed: { note: 'yes' } }],
    ['{ sealed { deep } }', ['read'], 'FORBIDDEN'],
    ['{ sealed { deep } }', ['all'], { sealed: { deep: 'yes' } }],
    ['{ colour }', null, 'UNAUTHENTICATED'],
    ['{ colour }', [], { colour: 'RED' }],
  ])('%s with the scopes %j: %j', async (query, scopes, outcome) => {
    const { data, codes } = await ask(query, scopes);
    expect(codes[0] ?? data).toEqual(outcome);
    expect(/yes|RED|1/.test(JSON.stringify(data))).toBe(codes.length === 0);
  });

  it('refuses a protected entity before its reference is read', async () => {
    const query =
      'query ($representations: [_Any!]!) { _entities(representations: $representations) { ... on Entity { data } ... on Loose { id data } } }';
    const representations = [
      { __typename: 'Entity', id: 'e1' },
      { __typename: 'Loose', id: 'l1', data: 'from elsewhere' },
    ];
    read.length = 0;
    expect(await ask(query, null, { representations })).toEqual({
      data: { _entities: [null, { id: 'l1', data: null }] },
      codes: ['UNAUTHENTICATED', 'UNAUTHENTICATED'],
    });
    expect(read).toEqual([]);
    expect(await ask(query, [], { representations })).toMatchObject({ codes: ['FORBIDDEN'] });
    expect(new Set(read)).toEqual(new Set(['e1']));
  });

  it('refuses a subscription before its events are asked for', async () => {
    const typeDefs = parse(`${header('"@authenticated"')} type Query { a: Int } type Subscription { ticked: Int @authenticated }`);
    let isAsked = false;
    const subscribe = async function* () {
      isAsked = true;
      yield { ticked: 1 };
    };
    const subscribable = guardSchema(buildSubgraphSchema([{ typeDefs, resolvers: { Subscription: { ticked: { subscribe } } } }]), typeDefs);
    const contextValue = { request: { tenantContext: contextOf(null) } };
    const stream = await createSourceEventStream({ schema: subscribable, document: parse('subscription { ticked }'), contextValue });
    expect(stream).toMatchObject({ errors: [{ message: 'Sign in to ask for this.' }] });
    expect(isAsked).toBe(false);
  });

  it('enforces a directive that is not imported under its namespaced name', async () => {
    const typeDefs = parse(`${header('"@key"')} type Query { signedIn: String @federation__authenticated }`);
    const namespaced = guardSchema(buildSubgraphSchema([{ typeDefs }]), typeDefs);
    const contextValue = { request: { tenantContext: contextOf(null) } };
    const { errors } = await execute({ schema: namespaced, document: parse('{ signedIn }'), contextValue, rootValue: { signedIn: 'yes' } });
    expect(errors?.[0]?.message).toBe('Sign in to ask for this.');
  });

  it.each([
    ['a renamed directive', `${header('{ name: "@authenticated", as: "@loggedIn" }')} type Query { a: String @loggedIn }`],
    ['@policy', `${header('"@policy"')} type Query { a: String @policy(policies: [["p"]]) }`],
  ])('refuses a schema with %s, which would not be enforced', (_what, text) => {
    const typeDefs = parse(text);
    expect(() => guardSchema(buildSubgraphSchema([{ typeDefs }]), typeDefs)).toThrow(SubgraphDefinitionError);
  });
});
