import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { TooManySubscriptionsError } from '../errors.ts';
import { SubscriptionCounts } from './limits.ts';

const [acme, globex] = [randomUUID(), randomUUID()];

it('a tenant has no more than its share, and leaves others theirs', () => {
  const counts = new SubscriptionCounts({ perProcess: 10, perTenant: 2 });
  const first = counts.take(acme);
  counts.take(acme);
  expect(() => counts.take(acme)).toThrow(TooManySubscriptionsError);
  expect(() => counts.take(acme)).toThrow('This tenant has 2 subscriptions open');
  counts.take(globex);
  first[Symbol.dispose]();
  counts.take(acme);
  expect(counts.open).toBe(3);
});

it('operators count as one tenant', () => {
  const counts = new SubscriptionCounts({ perProcess: 10, perTenant: 1 });
  const first = counts.take(null);
  expect(() => counts.take(null)).toThrow(TooManySubscriptionsError);
  first[Symbol.dispose]();
  counts.take(null);
});

it('all tenants together have no more than the process', () => {
  const counts = new SubscriptionCounts({ perProcess: 2, perTenant: 2 });
  const first = counts.take(acme);
  counts.take(globex);
  expect(() => counts.take(randomUUID())).toThrow('This server has 2 subscriptions open');
  first[Symbol.dispose]();
  counts.take(randomUUID());
  expect(counts.open).toBe(2);
});
