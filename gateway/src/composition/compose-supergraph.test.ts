import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { CompositionError } from '../errors.ts';
import { composeSupergraph, type SubgraphSource } from './compose-supergraph.ts';

const directory = mkdtempSync(join(tmpdir(), 'composition-'));
afterAll(() => rmSync(directory, { recursive: true }));
let written = 0;

const header = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@requiresScopes"])\n';

/** A subgraph whose schema follows the header, and so begins on line 2. */
function subgraph(name: string, schema: string): SubgraphSource {
  const schemaPath = join(directory, `${name}-${++written}.graphql`);
  writeFileSync(schemaPath, header + schema);
  return { name, schemaPath, url: `http://${name}` };
}

function compositionError(...subgraphs: SubgraphSource[]): CompositionError {
  try {
    composeSupergraph(subgraphs);
  } catch (error) {
    if (error instanceof CompositionError) return error;
    throw error;
  }
  throw new Error('It composed.');
}

describe('composeSupergraph', () => {
  test('composes subgraphs that fit, and keeps their access rules for other routers', () => {
    const users = subgraph('users', 'type Query { me: User @requiresScopes(scopes: [["me"]]) }\ntype User @key(fields: "id") { id: ID! }');
    const teams = subgraph('teams', 'type User @key(fields: "id") { id: ID! teams: [String!]! }');
    const supergraph = composeSupergraph([users, teams]);
    expect(supergraph).toContain('@join__graph(name: "teams", url: "http://teams")');
    expect(supergraph).toContain('@requiresScopes(scopes: [["me"]])');
  });

  test('names the place of a syntax error in every file at once', () => {
    const one = subgraph('one', 'type Query {\n  a(: Int\n}');
    const two = subgraph('two', 'type Query { b: Int }\ntyp User { id: ID! }');
    const { problems, message } = compositionError(one, two);
    expect(problems.map(({ places }) => places)).toEqual([[`${one.schemaPath}:3:5`], [`${two.schemaPath}:3:1`]]);
    expect(message).toContain(`  ${one.schemaPath}:3:5: [INVALID_GRAPHQL] Syntax Error: Expected Name, found ":".`);
  });

  test('names a file that cannot be read', () => {
    const { problems } = compositionError({ name: 'gone', schemaPath: join(directory, 'gone.graphql'), url: 'http://gone' });
    expect(problems).toMatchObject([{ code: 'SCHEMA_UNREADABLE', places: [`${join(directory, 'gone.graphql')}:1:1`] }]);
  });

  test('names every unknown type, of whichever subgraph', () => {
    const one = subgraph('one', 'type Query {\n  a: Missing\n  b: [Absent!]!\n}');
    const two = subgraph(
      'two',
      'type Query { c(input: Nowhere): federation__FieldSet }\nextend type Thing @key(fields: "id") { id: ID! self: Thing }',
    );
    expect(compositionError(one, two).problems).toEqual([
      { code: 'INVALID_GRAPHQL', message: 'Unknown type Missing', places: [`${one.schemaPath}:3:6`] },
      { code: 'INVALID_GRAPHQL', message: 'Unknown type Absent', places: [`${one.schemaPath}:4:7`] },
      { code: 'INVALID_GRAPHQL', message: 'Unknown type Nowhere', places: [`${two.schemaPath}:2:23`] },
    ]);
  });

  test('names each definition that contradicts another', () => {
    const one = subgraph('one', 'type Query { a: Thing }\ntype Thing @shareable {\n  id: ID!\n  size: Int\n}');
    const two = subgraph('two', 'type Query { b: Thing }\ntype Thing @shareable { id: String! size: String }');
    const { problems, message } = compositionError(one, two);
    expect(problems).toMatchObject([
      { code: 'FIELD_TYPE_MISMATCH', places: [`${one.schemaPath}:4:3`, `${two.schemaPath}:3:25`] },
      { code: 'FIELD_TYPE_MISMATCH', places: [`${one.schemaPath}:5:3`, `${two.schemaPath}:3:37`] },
    ]);
    expect(message).toContain(`see also ${two.schemaPath}:3:25`);
  });

  test('names the field that no plan could reach', () => {
    const one = subgraph('one', 'type Query { a: Thing }\ntype Thing @shareable { id: ID! }');
    const two = subgraph('two', 'type Query { b: Thing }\ntype Thing {\n  id: ID! @shareable\n  size: Int\n}');
    expect(compositionError(one, two).problems).toMatchObject([{ code: 'SATISFIABILITY_ERROR', places: [`${two.schemaPath}:5:3`] }]);
  });

  test('names the place of a wrong directive', () => {
    const one = subgraph('one', 'type Query { a: I }\ninterface I @requiresScopes(scopes: [["a"]]) { id: ID! }');
    expect(compositionError(one).problems).toMatchObject([
      { code: 'AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE', places: [`${one.schemaPath}:3:13`] },
    ]);
  });
});
