import type { FormattedExecutionResult } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { Federation, type SubgraphSource } from './federation.ts';

export function brokenAnswers(): void {
  describe('an answer about entities', () => {
    /** Rooms, whose lights another subgraph knows. */
    let house: Federation;
    /** What becomes of an answer about lights. */
    let spoil: NonNullable<SubgraphSource['spoil']>;

    beforeAll(async () => {
      house = await Federation.of({
        plan: {
          schema: 'type Query { rooms: [Room] hall: Room } type Room @key(fields: "id") { id: ID! }',
          resolvers: { Query: { rooms: () => [{ id: '1' }, { id: '2' }, { id: '1' }], hall: () => ({ id: '2' }) } },
        },
        lights: {
          schema: 'type Room @key(fields: "id") { id: ID! lux: Int lamps: [Lamp!]! } type Lamp { watt: Int! }',
          spoil: (answer, operation) => spoil(answer, operation),
        },
      });
    });

    const isDark = [{ lux: null }, { lux: null }, { lux: null }];

    test.each<[name: string, answer: FormattedExecutionResult, messages: readonly string[]]>([
      ['that is no list', { data: { _entities: { lux: 1 } } }, ['Expected "data._entities" in response to be an array']],
      ['that is missing', { data: {} }, ['Expected "data._entities" in response to be an array']],
      ['with one too few', entities({ lux: 1 }), ['Expected "data._entities" to contain 2 elements']],
      ['with what are no objects', entities('x', 3), ['Expected "data._entities" in response to hold objects and nulls']],
      ['that has no data', { data: null, errors: [{ message: 'Out of order.' }] }, ['Out of order.']],
    ])('%s leaves its fields null, says so, and spoils nothing else', async (_name, answer, messages) => {
      spoil = () => answer;
      const { data, errors } = await house.ask('{ rooms { lux } hall { id } }');
      expect(data).toEqual({ rooms: isDark, hall: { id: '2' } });
      expect(errors.map(({ message }) => message)).toEqual(messages);
    });

    test('null for an entity leaves only its own fields null', async () => {
      spoil = () => entities(null, { lux: 200 });
      expect(await house.ask('{ rooms { id lux } }')).toMatchObject({
        data: { rooms: [{ lux: null }, { lux: 200 }, { lux: null }] },
        errors: [],
      });
    });

    test('an error of an entity is at every place of that entity', async () => {
      spoil = () => ({
        ...entities({ lux: null }, { lux: 200 }),
        errors: [{ message: 'Dark.', path: ['_entities', 0, 'lux'] }],
      });
      const { data, errors } = await house.ask('{ rooms { lux } }');
      expect(data).toEqual({ rooms: [{ lux: null }, { lux: 200 }, { lux: null }] });
      expect(errors).toEqual([0, 2].map((index) => ({ path: ['rooms', index, 'lux'], message: 'Dark.' })));
    });

    test('a null where there may be none goes up to what may be null, and no further', async () => {
      spoil = () => entities({ lamps: [{ watt: 5 }] }, { lamps: [{ watt: null }] });
      const { data, errors } = await house.ask('{ rooms { id lamps { watt } } hall { id } }');
      const lit = { id: '1', lamps: [{ watt: 5 }] };
      expect(data).toEqual({ rooms: [lit, null, lit], hall: { id: '2' } });
      expect(errors).toEqual([{ path: ['rooms', 1, 'lamps', 0, 'watt'], message: 'Cannot return null for non-nullable field Lamp.watt.' }]);
    });

    test('a subgraph that gives no answer leaves the rest of the response as it is', async () => {
      spoil = () => {
        throw new Error('other side closed');
      };
      const { data, errors } = await house.ask('{ rooms { lux } hall { id } }');
      expect(data).toEqual({ rooms: isDark, hall: { id: '2' } });
      expect(errors).toHaveLength(1);
    });
  });
}

function entities(...list: unknown[]): FormattedExecutionResult {
  return { data: { _entities: list } };
}
