import { expect, test } from 'vitest';
import { Federation } from './federation.ts';

export function mutations(): void {
  test('mutations of several subgraphs are carried out one after the other, each with all that it selects', async () => {
    const log: string[] = [];
    const note = (entry: string) => {
      log.push(entry);
      return log.length;
    };
    const federation = await Federation.of({
      ledger: {
        schema: `
        type Query { balance: Int }
        type Mutation { deposit(amount: Int!): Receipt! withdraw(amount: Int!): Int }
        type Receipt @key(fields: "id") { id: ID! }`,
        resolvers: {
          Mutation: {
            deposit: (_: unknown, { amount }: { amount: number }) => ({ id: `deposit-${amount}-${note(`deposit ${amount}`)}` }),
            withdraw: () => {
              note('withdraw');
              throw new Error('Nothing is left.');
            },
          },
        },
      },
      printer: {
        schema: `
        type Mutation { print(text: String!): Int }
        type Receipt @key(fields: "id") { id: ID! number: Int! }`,
        resolvers: {
          Mutation: { print: (_: unknown, { text }: { text: string }) => note(`print ${text}`) },
          Receipt: { number: ({ id }: { id: string }) => note(`number of ${id}`) },
        },
      },
    });
    const { data, errors } = await federation.ask(
      'mutation ($text: String!) { a: deposit(amount: 1) { number } b: print(text: $text) c: withdraw(amount: 9) d: deposit(amount: 2) { id } }',
      { text: 'hello' },
    );
    expect(log).toEqual(['deposit 1', 'number of deposit-1-1', 'print hello', 'withdraw', 'deposit 2']);
    expect(data).toEqual({ a: { number: 2 }, b: 3, c: null, d: { id: 'deposit-2-5' } });
    expect(errors).toEqual([{ path: ['c'], message: 'Nothing is left.' }]);
  });
}
