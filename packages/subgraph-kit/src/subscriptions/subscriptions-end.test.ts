import { randomUUID } from 'node:crypto';
import type { TenantContext } from '@tenantry/auth';
import { silentLogger } from '@tenantry/service';
import { createTenantDirectory } from '@tenantry/tenant-pool';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { ServerStoppingError } from '../errors.ts';
import { Subscriptions } from './subscriptions.ts';

const context: TenantContext = { principal: null, tenantId: randomUUID(), impersonated: false, origin: null };

/** Those of a process whose control database does not answer. */
function openScene(): { subscriptions: Subscriptions; told: unknown[]; onEnd: (reason: unknown) => void } {
  const source = { findPlacement: async () => await new Promise<null>(() => {}) };
  const bus = { publish: async () => {}, subscribe: () => ({ [Symbol.dispose]() {} }) };
  const directory = createTenantDirectory({ source, bus, logger: silentLogger });
  const told: unknown[] = [];
  return { subscriptions: new Subscriptions({ directory, metrics: new Registry() }), told, onEnd: (reason) => told.push(reason) };
}

it('a subscription that is being let in is told that its process ends', () => {
  const { subscriptions, told, onEnd } = openScene();
  void subscriptions.admit(context, onEnd);
  subscriptions[Symbol.dispose]();
  expect(told).toEqual([expect.any(ServerStoppingError)]);
});

it('none is let in after that', async () => {
  const { subscriptions, onEnd } = openScene();
  subscriptions[Symbol.dispose]();
  await expect(subscriptions.admit({ ...context, tenantId: null }, onEnd)).rejects.toThrow(ServerStoppingError);
});
