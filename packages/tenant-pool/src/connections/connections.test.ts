import { mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unseal } from '@tenantry/service';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { BudgetAccount } from '../budget/budget-account.ts';
import { ConnectionBudget } from '../budget/connection-budget.ts';
import type { TenantPlacement } from '../directory/placement.ts';
import { TenantUnavailableError } from '../errors.ts';
import { defaultLimits } from '../limits.ts';
import { createTenantDatabases, type TenantDatabases } from '../testing/tenant-databases.ts';
import { TenantConnections } from './connections.ts';
import { Preconnects } from './preconnects.ts';
import { sharedLookup } from './shared-lookup.ts';

const preconnects = new Preconnects({ perServer: 1, lookup: sharedLookup() });
let databases: TenantDatabases;

beforeAll(async () => void (databases = await createTenantDatabases(1)));
afterAll(async () => {
  preconnects[Symbol.dispose]();
  await databases?.[Symbol.asyncDispose]();
});

/** Knows how many accounts are open. */
class CountingBudget extends ConnectionBudget {
  accounts = 0;

  constructor() {
    super({ limit: 4, deadlineMs: 1000, turnMs: 100 });
  }

  override open(...options: Parameters<ConnectionBudget['open']>): BudgetAccount {
    this.accounts += 1;
    return super.open(...options);
  }

  override close(account: BudgetAccount): void {
    this.accounts -= 1;
    super.close(account);
  }
}

/** Connections of the tenant whose placement differs by `change`. */
function open(budget: ConnectionBudget, change: Partial<TenantPlacement> = {}): TenantConnections {
  const placement = { ...databases.tenant(0), ...change };
  return new TenantConnections({
    placement,
    password: () => unseal(placement.sealedPassword, placement.tenantId, databases.keyRing),
    service: 'test',
    limits: defaultLimits,
    preconnects,
    budget,
    accountLimits: { max: 4, weight: 1 },
    isIdle: () => false,
    evict: () => {},
    onError: () => {},
  });
}

/** Connects within a piece of work. */
async function check(connections: TenantConnections): Promise<void> {
  const end = await connections.acquire();
  try {
    await connections.check();
  } finally {
    end();
  }
}

test('a placement by which no connection can be made leaves nothing in the budget', async () => {
  const budget = new CountingBudget();
  const ofLaterVersion = Object.assign<Partial<TenantPlacement>, object>({}, { pooling: 'session' });
  for (const change of [ofLaterVersion, { sslMode: 'maybe' }]) {
    expect(() => open(budget, change)).toThrow(TenantUnavailableError);
  }
  expect(budget.accounts).toBe(0);
});

test('a connection whose socket throws is over at once', async () => {
  const budget = new CountingBudget();
  const connections = open(budget, { port: 70_000 });
  await expect(check(connections)).rejects.toMatchObject({ code: 'ERR_SOCKET_BAD_PORT' });
  expect([connections.open, budget.used]).toEqual([0, 0]);
  await connections.end(0);
  expect(budget.accounts).toBe(0);
});

test('a server is reached by its Unix socket, again and again', async () => {
  const { host, port } = databases.tenant(0);
  const directory = await mkdtemp(join(tmpdir(), 'tenantry-socket-'));
  await using cleanup = new AsyncDisposableStack();
  cleanup.defer(async () => await rm(directory, { recursive: true }));
  const server = createServer((socket) => {
    const upstream = connect(port, host);
    for (const end of [socket, upstream]) end.on('error', () => {});
    socket.pipe(upstream).pipe(socket);
  });
  server.listen(join(directory, `.s.PGSQL.${port}`));
  await once(server, 'listening');
  cleanup.defer(async () => void (await once(server.close(), 'close')));

  for (let times = 0; times < 3; times += 1) {
    const connections = open(new CountingBudget(), { host: directory });
    await Promise.all([check(connections), check(connections)]);
    expect(connections.open).toBe(2);
    await connections.end(1000);
  }
});

test('who asks for an idle connection in the turn in which all are closed has an answer', async () => {
  const connections = open(new CountingBudget());
  await check(connections);
  const asked = check(connections);
  await connections.end(1000);
  await expect(asked).resolves.toBeUndefined();
});
