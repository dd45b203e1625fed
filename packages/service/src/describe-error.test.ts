import { Client } from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { describeError } from './describe-error.ts';

describe('describeError', () => {
  test('keeps type, message, stack and plain properties', () => {
    const error = Object.assign(new TypeError('broken'), { code: 'E1', retryable: true });
    expect(describeError(error)).toMatchObject({ type: 'TypeError', message: 'broken', code: 'E1', retryable: true });
    expect(describeError(error).stack).toContain('describe-error.test.ts');
  });

  test('follows causes and the members of an AggregateError', () => {
    const error = new AggregateError([new Error('one'), new Error('two')], 'both', { cause: new Error('root') });
    expect(describeError(error)).toMatchObject({ cause: { message: 'root' }, errors: [{ message: 'one' }, { message: 'two' }] });
  });

  test('ends on an error that is its own cause', () => {
    const error = new Error('circle');
    error.cause = error;
    expect(JSON.stringify(describeError(error))).toContain('circle');
  });

  test('says what was thrown that is no error', () => {
    expect(describeError('a string')).toEqual({ type: 'string', message: 'a string' });
  });

  test('says what is plain in a cause that is no error', () => {
    const cause = {
      kind: 'ColumnNotFound',
      originalCode: '42703',
      originalMessage: 'column "x" does not exist',
      client: { password: 's' },
    };
    expect(describeError(new Error('ColumnNotFound', { cause })).cause).toEqual({
      type: 'object',
      message: '{"kind":"ColumnNotFound","originalCode":"42703","originalMessage":"column \\"x\\" does not exist"}',
    });
  });

  test('tells nothing of the connection that a driver hangs on its error', async () => {
    const connectionString = inject('postgresUrl');
    const { password } = new URL(connectionString);
    const client = new Client({ connectionString });
    await client.connect();
    const lost = new Promise<Error>((resolve) => client.once('error', resolve));
    await client.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => {});
    const error = Object.assign(await lost, { client });
    expect(Object.keys(error)).toContain('client');
    expect(JSON.stringify(describeError(error))).not.toContain(password);
  });
});
