import { UnauthenticatedError } from '@tenantry/service';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { whenExpired } from './when-expired.ts';

const day = 86_400_000;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const inMs = (ms: number) => (Date.now() + ms) / 1000;

it.each([1, 1500, 30 * day, 400 * day])('a token that expires in %d ms is told of then, and not before', (ms) => {
  const told: Error[] = [];
  using _watch = whenExpired(inMs(ms), (error) => told.push(error));
  vi.advanceTimersByTime(ms - 1);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(2);
  expect(told).toEqual([expect.any(UnauthenticatedError)]);
});

it('one that is not watched any more is not told of', () => {
  const told: Error[] = [];
  whenExpired(inMs(1000), (error) => told.push(error))[Symbol.dispose]();
  vi.advanceTimersByTime(2000);
  expect(told).toEqual([]);
});

it('one that has expired is refused at once', () => {
  expect(() => whenExpired(inMs(0), () => {})).toThrow(UnauthenticatedError);
});
