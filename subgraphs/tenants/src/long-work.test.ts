import { expect, test } from 'vitest';
import { ifQuick } from './long-work.ts';

test('what is quick is given back, and what fails is thrown', async () => {
  expect(await ifQuick(Promise.resolve('done'), 60_000)).toBe('done');
  await expect(ifQuick(Promise.reject(new Error('no')), 60_000)).rejects.toThrow('no');
});

test('what is long goes on, and fails for nobody', async () => {
  const { promise, reject } = Promise.withResolvers<string>();
  expect(await ifQuick(promise, 1)).toBeNull();
  reject(new Error('too late for anybody to hear'));
  await expect(promise).rejects.toThrow('too late');
});
