import { beforeAll, describe, expect, test } from 'vitest';
import { among, Federation } from './federation.ts';

export function mergedTypes(): void {
  describe('types that subgraphs have in different versions', () => {
    const members = [
      { id: 'a', status: 'ACTIVE' },
      { id: 'b', status: 'SHADOW' },
    ];
    let federation: Federation;
    beforeAll(async () => {
      federation = await Federation.of({
        directory: {
          schema: `
          type Query { members(page: Page!): [Member!]! member(status: Status!): Member }
          type Member @key(fields: "id") { id: ID! status: Status @shareable secret: String! @inaccessible }
          enum Status { ACTIVE SHADOW @inaccessible }
          input Page { first: Int! after: ID }`,
          resolvers: {
            Query: {
              members: (_: unknown, { page }: { page: object }) => members.map((member) => ({ ...member, secret: JSON.stringify(page) })),
              member: (_: unknown, { status }: { status: string }) => members.find((member) => member.status === status),
            },
          },
        },
        statuses: {
          schema: `
          type Query { latest(page: Page!): [Member!] }
          type Member @key(fields: "id") { id: ID! status: Status @shareable secret: String! @external echo: String @requires(fields: "secret") }
          enum Status { ACTIVE }
          input Page { first: Int! }`,
          resolvers: {
            Query: { latest: () => members },
            Member: { __resolveReference: among(members.map(({ id }) => ({ id }))), echo: ({ secret }: { secret: string }) => secret },
          },
        },
      });
    });

    test('an enum value that clients do not see is null, without an error if the subgraph knows it', async () => {
      const { data, errors } = await federation.ask('{ members(page: { first: 2 }) { id status } }');
      expect(data).toEqual({
        members: [
          { id: 'a', status: 'ACTIVE' },
          { id: 'b', status: null },
        ],
      });
      expect(errors).toEqual([{ path: ['members', 1, 'status'], message: 'Invalid value found for field Member.status.' }]);
    });

    test('one that the subgraph itself does not know is its error', async () => {
      const { data, errors } = await federation.ask('{ latest(page: { first: 1 }) { id status } }');
      expect(data).toMatchObject({ latest: [{ status: 'ACTIVE' }, { status: null }] });
      expect(errors).toMatchObject([{ path: ['latest', 1, 'status'], message: 'Enum "Status" cannot represent value: "SHADOW"' }]);
    });

    test.each([
      ['an enum value', '{ member(status: SHADOW) { id } }', 'Value "SHADOW" does not exist in "Status" enum.'],
      [
        'an input field that only some subgraphs have',
        '{ members(page: { first: 1, after: "a" }) { id } }',
        'Field "after" is not defined by type "Page".',
      ],
      ['a field', '{ members(page: { first: 1 }) { secret } }', 'Cannot query field "secret" on type "Member".'],
    ])('what clients do not see they cannot name: %s', async (_name, query, message) => {
      await expect(federation.ask(query)).rejects.toThrow(message);
    });
  });

  test('what a subgraph needs it gets, though clients do not see it', async () => {
    const federation = await Federation.of({
      vault: {
        schema: 'type Query { box: Box } type Box @key(fields: "code") { code: ID! @inaccessible weight: Int! @inaccessible }',
        resolvers: { Query: { box: () => ({ code: 'c', weight: 4 }) } },
      },
      crane: {
        schema: 'type Box @key(fields: "code") { code: ID! @inaccessible weight: Int! @external straps: Int @requires(fields: "weight") }',
        resolvers: { Box: { straps: ({ weight }: { weight: number }) => weight / 2 } },
      },
    });
    expect(await federation.ask('{ box { straps } }')).toMatchObject({ data: { box: { straps: 2 } }, errors: [] });
    expect(Object.keys(federation.api.getType('Box')?.toConfig() ?? {})).not.toContain('code');
  });

  describe('a field in several subgraphs', () => {
    test('of the root, shared: each is asked for its part of the same object, and lists go together by index', async () => {
      const shared = 'type Query { shop: Shop! @shareable shops: [Shop!]! @shareable }';
      const federation = await Federation.of({
        names: {
          schema: `${shared} type Shop { id: ID! @shareable name: Name! } type Name { short: String! }`,
          resolvers: { Query: part({ name: { short: 'S' } }) },
        },
        hours: {
          schema: `${shared} type Shop { id: ID! @shareable hours: [Int!]! }`,
          resolvers: { Query: part({ hours: [9, 17] }) },
        },
      });
      const { data, asked } = await federation.ask('{ shop { id name { short } hours } shops { id name { short } hours } }');
      const rest = { name: { short: 'S' }, hours: [9, 17] };
      expect(data).toEqual({
        shop: { id: 's', ...rest },
        shops: [
          { id: 's', ...rest },
          { id: 't', ...rest },
        ],
      });
      expect(asked.map(({ subgraph }) => subgraph).toSorted()).toEqual(['hours', 'names']);
    });

    test('overridden: the one that it moved to is asked, also by way of an interface, and for what requires it', async () => {
      const posts = [{ __typename: 'Post', id: 'p', title: 'new' }];
      const federation = await Federation.of({
        old: {
          schema: `
          type Query { feed: [Item] }
          interface Item { id: ID! title: String! }
          type Post implements Item @key(fields: "id") { id: ID! title: String! }`,
          resolvers: { Query: { feed: () => posts }, Post: { title: () => 'old' } },
        },
        fresh: {
          schema: 'type Post @key(fields: "id") { id: ID! title: String! @override(from: "old") }',
          resolvers: { Post: { __resolveReference: among(posts) } },
        },
        slugs: {
          schema: 'type Post @key(fields: "id") { id: ID! title: String! @external slug: String! @requires(fields: "title") }',
          resolvers: { Post: { slug: ({ title }: { title: string }) => `/${title}` } },
        },
      });
      const { data } = await federation.ask('{ feed { title ... on Post { slug } } }');
      expect(data).toEqual({ feed: [{ title: 'new', slug: '/new' }] });
    });

    test('that is nullable in one of them only: objects of one response have it under names of their own', async () => {
      const cat = { __typename: 'Cat', id: 'c' };
      const dog = { __typename: 'Dog', id: null };
      const federation = await Federation.of({
        chips: { schema: 'type Query { chipped: Cat } type Cat { id: ID @shareable }', resolvers: { Query: { chipped: () => cat } } },
        zoo: {
          schema: `
          type Query { animals: [Animal!]! }
          union Animal = Cat | Dog
          type Cat @key(fields: "id") { id: ID! friends: [Animal!]! }
          type Dog { id: ID friends: [Animal!]! }`,
          resolvers: { Query: { animals: () => [cat, dog] }, Cat: { friends: () => [dog] }, Dog: { friends: () => [cat, dog] } },
        },
      });
      const { data, errors } = await federation.ask(`{
      animals { ... on Cat { id friends { ...Names } } ... on Dog { id friends { ...Names } } }
    }
    fragment Names on Animal { ... on Cat { id } ... on Dog { id } }`);
      const animals = [
        { id: 'c', friends: [{ id: null }] },
        { id: null, friends: [{ id: 'c' }, { id: null }] },
      ];
      expect({ data, errors }).toEqual({ data: { animals }, errors: [] });
    });
  });
}

/** What a subgraph says of shops. */
function part(fields: object) {
  const [first, second] = [
    { id: 's', ...fields },
    { id: 't', ...fields },
  ];
  return { shop: () => first, shops: () => [first, second] };
}
