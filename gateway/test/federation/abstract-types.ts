import { beforeAll, describe, expect, test } from 'vitest';
import { among, Federation } from './federation.ts';

export function abstractTypes(): void {
  describe('a field that an object types more closely than its interface', () => {
    const books = [
      { __typename: 'Book', id: '1', title: 'One', pages: 10, sequel: { id: '2' } },
      { __typename: 'Book', id: '2', title: 'Two', pages: 20, sequel: { id: '1' } },
    ];
    let federation: Federation;
    beforeAll(async () => {
      federation = await Federation.of({
        shelf: {
          schema: `
          type Query { newest: Work }
          interface Work { id: ID! }
          type Book implements Work @key(fields: "id") { id: ID! }
          type Film implements Work @key(fields: "id") { id: ID! }`,
          resolvers: { Query: { newest: () => books[0] } },
        },
        catalogue: {
          schema: `
          interface Work { sequel: Work }
          type Book implements Work @key(fields: "id") { id: ID! title: String pages: Int sequel: Book }
          type Film implements Work @key(fields: "id") { id: ID! minutes: Int sequel: Film }`,
          resolvers: {
            Book: { __resolveReference: among(books), title: ({ id }: { id: string }) => books.find((book) => book.id === id)?.title },
          },
        },
      });
    });

    test.each([
      ['{ newest { sequel { __typename } } }', { __typename: 'Book' }],
      ['{ newest { sequel { ... on Book { title } ... on Film { minutes } } } }', { title: 'Two' }],
      ['{ newest { sequel { ... on Work { ... on Book { title } } } } }', { title: 'Two' }],
      ['{ newest { sequel { id } ... on Book { sequel { title } } } }', { id: '2', title: 'Two' }],
      ['{ newest { sequel { ... on Book { id } } ... on Book { sequel { title } } } }', { id: '2', title: 'Two' }],
      ['{ newest { ... on Book { sequel { title } } sequel { id ... on Book { t: title } } } }', { title: 'Two', id: '2', t: 'Two' }],
    ])('%s', async (query, sequel) => {
      expect(await federation.ask(query)).toMatchObject({ data: { newest: { sequel } }, errors: [] });
    });
  });

  describe('an interface object', () => {
    const accounts = [
      { __typename: 'Person', id: 'p', email: 'p@example.com' },
      { __typename: 'Robot', id: 'r', model: 'R2' },
    ];
    let federation: Federation;
    beforeAll(async () => {
      federation = await Federation.of({
        accounts: {
          schema: `
          type Query { accounts: [Account!]! }
          interface Account @key(fields: "id") { id: ID! }
          type Person implements Account @key(fields: "id") { id: ID! email: String }
          type Robot implements Account @key(fields: "id") { id: ID! model: String }`,
          resolvers: {
            Query: { accounts: () => accounts },
            Account: { __resolveReference: among(accounts) },
            Person: { __resolveReference: among(accounts) },
            Robot: { __resolveReference: among(accounts) },
          },
        },
        usage: {
          schema: `
          type Query { busiest: [Account!] }
          type Account @interfaceObject @key(fields: "id") { id: ID! calls: Int! }`,
          resolvers: {
            Query: { busiest: () => [{ id: 'r' }, { id: 'p' }] },
            Account: { calls: ({ id }: { id: string }) => (id === 'r' ? 99 : 1) },
          },
        },
      });
    });

    test('adds a field to all objects of the interface', async () => {
      const { data } = await federation.ask('{ accounts { id calls ... on Robot { model } } }');
      expect(data).toEqual({
        accounts: [
          { id: 'p', calls: 1 },
          { id: 'r', calls: 99, model: 'R2' },
        ],
      });
    });

    test('tells nothing of the type, which is asked for where the type matters, and only there', async () => {
      const plain = await federation.ask('{ busiest { id calls } }');
      expect(plain.asked.map(({ subgraph }) => subgraph)).toEqual(['usage']);
      const typed = await federation.ask('{ busiest { __typename ... on Person { email calls } } }');
      expect(typed).toMatchObject({
        data: { busiest: [{ __typename: 'Robot' }, { __typename: 'Person', email: 'p@example.com', calls: 1 }] },
        errors: [],
      });
    });
  });

  describe('a union of which each subgraph knows a part', () => {
    const found = [
      { __typename: 'Page', id: 'page', title: 'A page' },
      { __typename: 'Image', id: 'image', url: '/i' },
    ];
    let federation: Federation;
    beforeAll(async () => {
      federation = await Federation.of({
        search: {
          schema: `
          type Query { hits: [Hit] @provides(fields: "... on Page { title }") best: Hit @shareable }
          union Hit = Page | Image
          type Page @key(fields: "id") { id: ID! title: String @external }
          type Image @key(fields: "id") { id: ID! url: String }`,
          resolvers: { Query: { hits: () => found, best: () => found[0] } },
        },
        pages: {
          schema: `
          type Query { best: Hit @shareable }
          union Hit = Page | Note
          type Page @key(fields: "id") { id: ID! title: String @shareable words: Int }
          type Note @key(fields: "id") { id: ID! text: String }`,
          resolvers: { Query: { best: () => found[0] }, Page: { __resolveReference: among(found), words: () => 300 } },
        },
      });
    });

    test('gives for each object the fields of its own type; a type that cannot be there gives none', async () => {
      const { data, errors } = await federation.ask(`{
      hits { __typename ... on Page { title words } ... on Image { url } ... on Note { text } }
      best { ... on Note { text } ... on Image { url } }
    }`);
      expect({ data, errors }).toEqual({
        data: {
          hits: [
            { __typename: 'Page', title: 'A page', words: 300 },
            { __typename: 'Image', url: '/i' },
          ],
          best: {},
        },
        errors: [],
      });
    });

    test('what a field provides is not asked of the owner', async () => {
      const { data, asked } = await federation.ask('{ hits { ... on Page { title } } }');
      expect(data).toEqual({ hits: [{ title: 'A page' }, {}] });
      expect(asked.map(({ subgraph }) => subgraph)).toEqual(['search']);
    });
  });

  test('what no subgraph has objects for is an error, not a null as if that were known', async () => {
    const federation = await Federation.of({
      one: { schema: 'type Query { thing: Thing other: Int } interface Thing @key(fields: "id") { id: ID! }' },
      two: {
        schema: 'type Thing @interfaceObject @key(fields: "id") { id: ID! size: Int } type Query { sized: Thing }',
        resolvers: { Query: { sized: () => ({ id: 't', size: 4 }) } },
      },
    });
    expect(await federation.ask('{ sized { size } }')).toMatchObject({ data: { sized: { size: 4 } }, errors: [] });
    const { data, errors, asked } = await federation.ask('{ thing { size } }');
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ message: 'There is no way to fetch anything of what the operation asks for.' }]);
    expect(asked).toEqual([]);
    expect(await federation.ask('query ($x: Boolean = false) { thing @include(if: false) { size } other @include(if: $x) }')).toMatchObject(
      {
        data: {},
        errors: [],
      },
    );
  });
}
