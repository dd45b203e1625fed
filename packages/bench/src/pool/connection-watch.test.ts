import { describe, expect, test } from 'vitest';
import { LeftConnectionsError } from '../errors.ts';
import { noConnections } from './connection-watch.ts';

const { signal } = new AbortController();

describe('the wait for connections to end', () => {
  test('ends with them', async () => {
    const left = [2, 1, 0];
    await noConnections({ connections: async () => left.shift() ?? NaN }, signal);
    expect(left).toEqual([]);
  });

  test('is given up when they stay', async () => {
    await expect(noConnections({ connections: async () => 3 }, signal, 10)).rejects.toThrow(LeftConnectionsError);
  });

  test('is given up when the run stops', async () => {
    const run = new AbortController();
    const waiting = noConnections({ connections: async () => 3 }, run.signal);
    run.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});
