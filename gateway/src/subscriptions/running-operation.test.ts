import { describe, expect, test } from 'vitest';
import type { OperationResult } from '../execution/operation-result.ts';
import { leftByClient, RunningOperation, type Ending } from './running-operation.ts';

/** Results that come when they are told to, and what has become of them. */
function source() {
  const ends: Ending[] = [];
  const ending = new AbortController();
  let waiting = Promise.withResolvers<IteratorResult<OperationResult, undefined>>();
  let isReturned = false;
  const results: AsyncIterable<OperationResult> = {
    [Symbol.asyncIterator]: () => ({
      next: async () => await waiting.promise,
      return: async () => {
        isReturned = true;
        return { done: true, value: undefined };
      },
    }),
  };
  const running = new RunningOperation({ results, ending, onResult: () => {}, onEnd: (how) => ends.push(how) });
  return {
    running,
    ends,
    ending,
    isReturned: () => isReturned,
    give: (result: IteratorResult<OperationResult, undefined>) => waiting.resolve(result),
    fail: (error: Error) => waiting.reject(error),
    again: () => (waiting = Promise.withResolvers()),
  };
}

const over = { done: true, value: undefined } as const;

describe('an operation under way', () => {
  test('gives its results, and is completed once', async () => {
    const { running, ends, give, again } = source();
    give({ done: false, value: { data: { a: 1 } } });
    expect(await running.next()).toEqual({ done: false, value: { data: { a: 1 } } });
    again();
    give(over);
    expect(await running.next()).toEqual(over);
    expect(await running.next()).toEqual(over);
    await running.return();
    expect(ends).toEqual(['completed']);
  });

  test('is left at once, though its next result is still waited for', async () => {
    const { running, ends, ending, isReturned } = source();
    const next = running.next();
    await running.return();
    expect(await next).toEqual(over);
    expect({ ends, reason: ending.signal.reason, isReturned: isReturned() }).toEqual({
      ends: ['left'],
      reason: leftByClient,
      isReturned: true,
    });
  });

  test('is left though no result was ever asked for', async () => {
    const { running, ends, isReturned } = source();
    await running.return();
    expect({ ends, isReturned: isReturned() }).toEqual({ ends: ['left'], isReturned: true });
  });

  test('ends with the reason for which it has to', async () => {
    const { running, ends, ending, isReturned } = source();
    const next = running.next();
    const reason = new Error('The token has expired.');
    ending.abort(reason);
    await expect(next).rejects.toBe(reason);
    expect(await running.next()).toEqual(over);
    expect({ ends, isReturned: isReturned() }).toEqual({ ends: ['failed'], isReturned: true });
  });

  test('tells the reason also to who asks only later', async () => {
    const { running, ending } = source();
    const reason = new Error('The token has expired.');
    ending.abort(reason);
    await expect(running.next()).rejects.toBe(reason);
  });

  test('ends with what its results end with', async () => {
    const { running, ends, ending, fail } = source();
    const error = new Error('other side closed');
    fail(error);
    await expect(running.next()).rejects.toBe(error);
    expect({ ends, isOver: ending.signal.aborted }).toEqual({ ends: ['failed'], isOver: true });
  });
});
