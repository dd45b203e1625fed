import { describe, expect, test } from 'vitest';
import { among, Federation } from './federation.ts';

export function requirements(): void {
  describe('@requires', () => {
    test('of a field that requires another one itself', async () => {
      const federation = await Federation.of({
        weather: {
          schema: 'type Query { routes: [Route!]! } type Route @key(fields: "id") { id: ID! snow: Int! }',
          resolvers: {
            Query: {
              routes: () => [
                { id: 'pass', snow: 80 },
                { id: 'plain', snow: 0 },
              ],
            },
          },
        },
        safety: {
          schema: 'type Route @key(fields: "id") { id: ID! snow: Int! @external isBlocked: Boolean! @requires(fields: "snow") }',
          resolvers: { Route: { isBlocked: ({ snow }: { snow: number }) => snow > 50 } },
        },
        planning: {
          schema: `
          type Route @key(fields: "id") { id: ID! isBlocked: Boolean! @external detour: Detour @requires(fields: "isBlocked") }
          type Detour { via: String! minutes: Int! @shareable }`,
          resolvers: { Route: { detour: ({ isBlocked }: { isBlocked: boolean }) => (isBlocked ? { via: 'valley', minutes: 21 } : null) } },
        },
        display: {
          schema: `
          type Route @key(fields: "id") { id: ID! detour: Detour @external delay: Int @requires(fields: "detour { minutes }") }
          type Detour { minutes: Int! @shareable }`,
          resolvers: { Route: { delay: ({ detour }: { detour: { minutes: number } | null }) => detour && detour.minutes * 2 } },
        },
      });
      const { data, errors, asked } = await federation.ask('{ routes { id delay } }');
      expect({ data, errors }).toEqual({
        data: {
          routes: [
            { id: 'pass', delay: 42 },
            { id: 'plain', delay: null },
          ],
        },
        errors: [],
      });
      expect(asked.map(({ subgraph }) => subgraph)).toEqual(['weather', 'safety', 'planning', 'display']);
    });

    const freight = {
      schema: `
      type Query { parcel(id: ID!): Parcel }
      type Parcel @key(fields: "id") { id: ID! content: Content weight(unit: Unit!): Int }
      enum Unit { GRAM KILO }
      interface Content { label: String! }
      interface Fragile implements Content { label: String! layers: Int! }
      type Glass implements Content & Fragile @shareable { label: String! layers: Int! colour: String! }
      type Coal implements Content @shareable { label: String! calories: Int! }`,
      resolvers: {
        Query: { parcel: (_: unknown, { id }: { id: string }) => ({ id }) },
        Parcel: {
          content: ({ id }: { id: string }) =>
            id === 'glass'
              ? { __typename: 'Glass', label: 'vase', layers: 3, colour: 'blue' }
              : { __typename: 'Coal', label: 'coal', calories: 7 },
          weight: (_: unknown, { unit }: { unit: string }) => (unit === 'KILO' ? 2 : 2000),
        },
      },
    };

    test('of what an interface can be: each object is sent with the fields of its own type, and without its type', async () => {
      const federation = await Federation.of({
        freight,
        packing: {
          schema: `
          type Parcel @key(fields: "id") {
            id: ID!
            content: Content @external
            box: String! @requires(fields: "content { label ... on Fragile { layers ... on Glass { colour } } ... on Coal { calories } }")
          }
          interface Content { label: String! }
          interface Fragile implements Content { label: String! layers: Int! }
          type Glass implements Content & Fragile @shareable @inaccessible { label: String! layers: Int! colour: String! }
          type Coal implements Content @shareable { label: String! calories: Int! }`,
          resolvers: { Parcel: { box: ({ content }: { content: object }) => JSON.stringify(content, Object.keys(content).toSorted()) } },
        },
      });
      const { data } = await federation.ask('{ glass: parcel(id: "glass") { content { label } box } coal: parcel(id: "coal") { box } }');
      expect(data).toEqual({
        // Clients cannot be told of what they do not see; the subgraph that needs it can.
        glass: { content: null, box: '{"colour":"blue","label":"vase","layers":3}' },
        coal: { box: '{"calories":7,"label":"coal"}' },
      });
    });

    test('of a field with arguments, which the client may ask for with others', async () => {
      const federation = await Federation.of({
        freight,
        fees: {
          schema: `
          type Parcel @key(fields: "id") { id: ID! weight(unit: Unit!): Int @external fee: Int @requires(fields: "weight(unit: KILO)") }
          enum Unit { GRAM KILO }`,
          resolvers: { Parcel: { fee: ({ weight }: { weight: number }) => weight * 5 } },
        },
      });
      const { data } = await federation.ask('query ($unit: Unit!) { parcel(id: "coal") { grams: weight(unit: $unit) fee } }', {
        unit: 'GRAM',
      });
      expect(data).toEqual({ parcel: { grams: 2000, fee: 10 } });
    });

    test('is not asked for where what requires it is left out', async () => {
      const stops = [{ id: 's', zone: 4 }];
      const federation = await Federation.of({
        stops: {
          schema: 'type Query { stop: Stop } type Stop @key(fields: "id") { id: ID! }',
          resolvers: { Query: { stop: () => stops[0] } },
        },
        zones: {
          schema: 'type Stop @key(fields: "id") { id: ID! zone: Int! }',
          resolvers: { Stop: { __resolveReference: among(stops) } },
        },
        fares: {
          schema: 'type Stop @key(fields: "id") { id: ID! zone: Int! @external fare: Int! @requires(fields: "zone") }',
          resolvers: { Stop: { fare: ({ zone }: { zone: number }) => zone * 2 } },
        },
      });
      const query = 'query ($priced: Boolean!) { stop { id fare @include(if: $priced) } }';
      const without = await federation.ask(query, { priced: false });
      expect(without).toMatchObject({ data: { stop: { id: 's' } }, errors: [] });
      expect(without.asked.map(({ subgraph }) => subgraph)).toEqual(['stops']);
      expect(await federation.ask(query, { priced: true })).toMatchObject({ data: { stop: { id: 's', fare: 8 } } });
    });
  });
}
