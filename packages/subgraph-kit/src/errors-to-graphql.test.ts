import { BadInputError, ForbiddenError, silentLogger, TenantryError } from '@tenantry/service';
import { buildSchema, execute, GraphQLError, parse } from 'graphql';
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { toGraphQLErrors, toRefusal } from './errors-to-graphql.ts';

class BusyError extends TenantryError {
  readonly code = 'TENANT_BUSY';
}

const schema = buildSchema('type Query { a(n: Int! = 1): Int!, b: Int, c: Int }');

/** Runs `query` with `a`, `b` and `c` of the root, and collects what goes to the wire and to the log. */
async function failing(root: Record<string, unknown>, query = '{ b }', variableValues: Record<string, unknown> = {}) {
  const logged: { msg: string; err?: { message: string; stack: string } }[] = [];
  const logger = pino({}, { write: (line) => void logged.push(JSON.parse(line)) });
  const { errors = [] } = await execute({ schema, document: parse(query), rootValue: root, variableValues });
  return { wire: toGraphQLErrors(errors, { requestId: 'r1', logger }).map((error) => error.toJSON()), logged };
}

const thrower = (error: unknown) => () => {
  throw error;
};

describe('toGraphQLErrors', () => {
  it('shows the message and code of our own errors, and when to try again', async () => {
    const { wire, logged } = await failing({ b: thrower(new BusyError('Too many requests for this tenant.', { retryAfterMs: 250 })) });
    expect(wire).toEqual([
      {
        message: 'Too many requests for this tenant.',
        path: ['b'],
        locations: [{ line: 1, column: 3 }],
        extensions: { code: 'TENANT_BUSY', retryAfterMs: 250 },
      },
    ]);
    expect(logged).toEqual([]);
  });

  it('keeps an unknown error for the log, whole, and tells the caller only the request', async () => {
    const { wire, logged } = await failing({ b: thrower(new Error('password authentication failed', { cause: new Error('secret') })) });
    expect(JSON.stringify(wire)).not.toMatch(/password|secret/);
    expect(wire).toMatchObject([{ path: ['b'], extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'r1' } }]);
    expect(logged).toHaveLength(1);
    expect(logged[0]?.err?.stack).toMatch(/password authentication failed[^]*secret/);
  });

  it('logs an error once that failed many fields', async () => {
    const error = new Error('no database');
    const { wire, logged } = await failing({ b: thrower(error), c: thrower(error) }, '{ b c }');
    expect(wire).toHaveLength(2);
    expect(logged).toHaveLength(1);
  });

  it('takes what a resolver returned wrongly for a fault of ours', async () => {
    for (const [root, query] of [
      [{ a: null }, '{ a }'],
      [{ b: 'not a number' }, '{ b }'],
      [{ b: thrower('a string') }, '{ b }'],
    ] as const) {
      expect((await failing(root, query)).wire).toMatchObject([{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
    }
  });

  it('takes wrong variables for a fault of the caller', async () => {
    const { wire } = await failing({ a: 1 }, 'query ($n: Int!) { a(n: $n) }', { n: 'many' });
    expect(wire).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    const { wire: late } = await failing({ a: 1 }, 'query ($n: Int = 1) { a(n: $n) }', { n: null });
    expect(late).toMatchObject([{ path: ['a'], extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('names the field of an input that its schema refuses', async () => {
    const input = z.object({ owner: z.object({ email: z.email('This is not an email address.') }) });
    const { wire } = await failing({ b: () => input.parse({ owner: { email: 'x' } }) });
    expect(wire).toMatchObject([{ message: 'owner.email: This is not an email address.', extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('finds our own error beneath GraphQL errors that wrap it', async () => {
    const inner = new GraphQLError('inner', { originalError: new ForbiddenError('Not yours.') });
    const { wire } = await failing({ b: thrower(new GraphQLError('outer', { originalError: inner })) });
    expect(wire).toMatchObject([{ message: 'Not yours.', extensions: { code: 'FORBIDDEN' } }]);
  });
});

describe('toRefusal', () => {
  it('has no path, since nothing was executed', async () => {
    const [error] = toRefusal(new BadInputError('No.'), { requestId: 'r1', logger: silentLogger });
    expect(error?.toJSON()).toEqual({ message: 'No.', extensions: { code: 'BAD_USER_INPUT' } });
  });
});
