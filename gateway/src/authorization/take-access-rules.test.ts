import { readFileSync } from 'node:fs';
import { composeServices } from '@apollo/composition';
import { ApolloGateway } from '@apollo/gateway';
import { silentLogger } from '@tenantry/service';
import { parse } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { testSubgraphs } from '../../test/support/test-subgraphs.ts';
import { apolloLogger } from '../apollo-logger.ts';
import { takeAccessRules } from './take-access-rules.ts';

beforeAll(() => void (process.env['APOLLO_TELEMETRY_DISABLED'] = '1'));

function supergraphOf(...schemas: string[]): string {
  const services = schemas.map((schema, index) => ({ name: `s${index}`, url: 'http://s', typeDefs: parse(schema) }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new AggregateError(errors ?? []);
  return supergraphSdl;
}

const link = (imports: string) => `extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [${imports}])\n`;
const testSupergraph = supergraphOf(...testSubgraphs.map(({ schemaPath }) => readFileSync(schemaPath, 'utf8')));

async function load(supergraphSdl: string): Promise<void> {
  const gateway = new ApolloGateway({
    supergraphSdl,
    buildService: () => ({ process: async () => ({}) }),
    logger: apolloLogger(silentLogger),
  });
  await gateway.load({});
  await gateway.stop();
}

describe('takeAccessRules', () => {
  test('gathers the rules of types, fields, enums and scalars, as they are composed', () => {
    const { rules } = takeAccessRules(testSupergraph);
    expect(Object.fromEntries(rules)).toMatchObject({
      Person: [[]],
      'Query.me': [[]],
      'Mutation.rename': [[]],
      Salary: [['payroll:read'], ['admin', 'audit']],
      'Person.email': [['email:read']],
      'Book.price': [['price:read']],
      Level: [['level:read']],
      Fingerprint: [['biometrics:read']],
      // Composition carries the rules of an interface's objects over to it.
      Node: [['payroll:read'], ['admin', 'audit']],
    });
    expect([...rules.keys()]).not.toContain('Query.greet');
    expect([...rules.keys()]).not.toContain('Titled');
  });

  test('leaves nothing of them behind, so that @apollo/gateway loads what it refused before', async () => {
    const { supergraphSdl } = takeAccessRules(testSupergraph);
    await expect(load(testSupergraph)).rejects.toThrow(/authenticated\/v0.1 is for: SECURITY but is unsupported/);
    await expect(load(supergraphSdl)).resolves.toBeUndefined();
    expect(supergraphSdl).not.toMatch(/authenticated|requiresScopes|Scope/);
  });

  test('knows the directives under other names', () => {
    const schema = `${link('{ name: "@authenticated", as: "@signedIn" }, { name: "@requiresScopes", as: "@needs" }')}
      type Query { a: Int @signedIn  b: Int @needs(scopes: [["x"]]) }`;
    const { rules, supergraphSdl } = takeAccessRules(supergraphOf(schema));
    expect(Object.fromEntries(rules)).toEqual({ 'Query.a': [[]], 'Query.b': [['x']] });
    expect(supergraphSdl).not.toMatch(/signedIn|needs/);
  });

  test('where a field is ruled twice, its scopes say all', () => {
    const schema = `${link('"@authenticated", "@requiresScopes"')} type Query { a: Int @authenticated @requiresScopes(scopes: [["x"]]) }`;
    expect(takeAccessRules(supergraphOf(schema)).rules.get('Query.a')).toEqual([['x']]);
  });

  test('joins what several subgraphs require of one field: all of it', () => {
    const [one, other] = ['x', 'y'].map((scope) => {
      return `${link('"@requiresScopes", "@shareable"')} type Query { a: Int @shareable @requiresScopes(scopes: [["${scope}"]]) }`;
    });
    expect(takeAccessRules(supergraphOf(one!, other!)).rules.get('Query.a')).toEqual([['x', 'y']]);
  });

  test('leaves @policy, which nobody here enforces, for @apollo/gateway to refuse', async () => {
    const schema = `${link('"@policy"')} type Query { a: Int @policy(policies: [["x"]]) }`;
    await expect(load(takeAccessRules(supergraphOf(schema)).supergraphSdl)).rejects.toThrow(/policy\/v0.1 is for: SECURITY/);
  });

  test('a supergraph without rules stays as it is', () => {
    const supergraph = supergraphOf('type Query { a: Int }');
    expect(takeAccessRules(supergraph)).toEqual({ supergraphSdl: supergraph, rules: new Map() });
  });
});
