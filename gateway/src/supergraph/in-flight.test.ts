import { expect, test } from 'vitest';
import { InFlight } from './in-flight.ts';

const never = new AbortController().signal;

test('nothing is under way at first, and not after all that entered has left', async () => {
  const inFlight = new InFlight();
  expect(await inFlight.noneWithin(10_000, never)).toBe(true);
  const [one, other] = [inFlight.enter(), inFlight.enter()];
  expect(inFlight.count).toBe(2);
  const waiting = inFlight.noneWithin(10_000, never);
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  expect(inFlight.count).toBe(1);
  other[Symbol.dispose]();
  expect(await waiting).toBe(true);
});

test('what does not leave is waited for so long and no longer', async () => {
  const inFlight = new InFlight();
  inFlight.enter();
  expect(await inFlight.noneWithin(10, never)).toBe(false);
  expect(await inFlight.noneWithin(60_000, AbortSignal.abort())).toBe(false);
});
