import { describe, expect, test } from 'vitest';
import { among, Federation } from './federation.ts';

export function keys(): void {
  describe('keys', () => {
    const trains = [
      { number: 7, line: { code: 'N' }, driver: 'Ada' },
      { number: 7, line: { code: 'S' }, driver: 'Grace' },
      { number: 9, line: { code: 'N' }, driver: 'Alan' },
    ];

    test('of several fields and of fields in fields; equal entities are asked for once, each gets its own answer', async () => {
      const federation = await Federation.of({
        timetable: {
          schema: `
          type Query { departures: [Train!]! }
          type Train @key(fields: "number line { code }") { number: Int! line: Line! }
          type Line @shareable { code: ID! }`,
          resolvers: { Query: { departures: () => [trains[0], trains[1], trains[0], trains[2]] } },
        },
        staff: {
          schema: `
          type Train @key(fields: "line { code } number") { number: Int! line: Line! driver: String }
          type Line @shareable { code: ID! }`,
          resolvers: { Train: { __resolveReference: among(trains) } },
        },
      });
      const { data, errors, asked } = await federation.ask('{ departures { driver } }');
      expect({ data, errors }).toEqual({ data: { departures: ['Ada', 'Grace', 'Ada', 'Alan'].map((driver) => ({ driver })) }, errors: [] });
      expect(asked.map(({ subgraph }) => subgraph)).toEqual(['timetable', 'staff']);
      expect(asked[1]?.representations).toEqual([
        { __typename: 'Train', number: 7, line: { code: 'N' } },
        { __typename: 'Train', number: 7, line: { code: 'S' } },
        { __typename: 'Train', number: 9, line: { code: 'N' } },
      ]);
    });

    test('one subgraph after the other; what one of them does not have stays null in its place of the list', async () => {
      const stations = ['a', 'b', 'c'].map((id) => ({ id, code: `code-${id}`, mayor: `mayor of ${id}` }));
      const federation = await Federation.of({
        map: {
          schema: 'type Query { stations: [Station] } type Station @key(fields: "id") { id: ID! }',
          resolvers: { Query: { stations: () => [stations[0], null, stations[1], stations[2]] } },
        },
        codes: {
          schema: 'type Station @key(fields: "id") @key(fields: "code") { id: ID! code: ID! }',
          resolvers: { Station: { __resolveReference: among(stations.filter(({ id }) => id !== 'b')) } },
        },
        towns: {
          schema: 'type Station @key(fields: "code") { code: ID! mayor: String }',
          resolvers: { Station: { __resolveReference: among(stations) } },
        },
      });
      const { data, errors, asked } = await federation.ask('{ stations { id mayor } }');
      expect(data).toEqual({
        stations: [{ id: 'a', mayor: 'mayor of a' }, null, { id: 'b', mayor: null }, { id: 'c', mayor: 'mayor of c' }],
      });
      expect(errors).toEqual([]);
      expect(asked.at(-1)?.representations).toEqual(['a', 'c'].map((id) => ({ __typename: 'Station', code: `code-${id}` })));
    });

    test('a subgraph is come back to by a key that it resolves, though one that it only names stands first', async () => {
      const wagons = [{ id: 'w', place: { row: 1, track: 2 }, weight: 40 }];
      const federation = await Federation.of({
        depot: {
          schema: `
          type Query { wagons: [Wagon!]! }
          type Wagon @key(fields: "place { row }", resolvable: false) @key(fields: "id place { track }") @key(fields: "id", resolvable: false) {
            id: ID! place: Place! weight: Int! @external axles: Int! @requires(fields: "weight")
          }
          type Place { row: Int! track: Int! }`,
          resolvers: {
            Query: { wagons: () => wagons.map(({ id, place }) => ({ id, place })) },
            Wagon: {
              __resolveReference: ({ id, weight }: { id?: string; weight?: number }) => (id === undefined ? null : { id, weight }),
              axles: ({ weight }: { weight: number }) => weight / 10,
            },
          },
        },
        scales: {
          schema: 'type Wagon @key(fields: "id") { id: ID! weight: Int! }',
          resolvers: { Wagon: { __resolveReference: among(wagons) } },
        },
      });
      expect(await federation.ask('{ wagons { axles } }')).toMatchObject({ data: { wagons: [{ axles: 4 }] }, errors: [] });
    });

    test('of subgraphs of version 1, which extend what another one owns', async () => {
      const tickets = [{ id: 't', holder: 'Ada', price: 3, seat: '4b' }];
      const federation = await Federation.of({
        sales: {
          version: 1,
          schema: 'type Query { ticket: Ticket } type Ticket @key(fields: "id") { id: ID! holder: String price: Int }',
          resolvers: { Query: { ticket: () => tickets[0] }, Ticket: { __resolveReference: among(tickets) } },
        },
        seats: {
          version: 1,
          schema: `
          extend type Query { reserved: [Ticket] @provides(fields: "holder") }
          extend type Ticket @key(fields: "id") { id: ID! @external holder: String @external seat: String }`,
          resolvers: { Query: { reserved: () => tickets }, Ticket: { __resolveReference: among(tickets) } },
        },
      });
      const { data, asked } = await federation.ask('{ ticket { price seat } reserved { holder } }');
      expect(data).toEqual({ ticket: { price: 3, seat: '4b' }, reserved: [{ holder: 'Ada' }] });
      expect(asked.filter(({ subgraph }) => subgraph === 'sales')).toHaveLength(1);
    });
  });
}
