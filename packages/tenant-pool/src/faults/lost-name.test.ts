import type { LookupFunction } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TenantPlacement } from '../directory/placement.ts';
import { openScene, type Scene } from './scene.ts';
import { createTenants, disconnect, type Tenants } from './tenants.ts';

const lostName = 'lost.test';

let tenants: Tenants;

beforeAll(async () => void (tenants = await createTenants(3)));
afterAll(async () => await tenants?.[Symbol.asyncDispose]());

/** Every name leads to this machine, where the tests' Postgres is; one of them may get lost. */
class NameServer {
  /** Look-ups of the lost name that have no answer. */
  readonly unanswered: (() => void)[] = [];
  #state: 'known' | 'ENOTFOUND' | 'EAI_AGAIN' | 'silent' = 'known';

  readonly lookup: LookupFunction = (hostname, _options, answer) => {
    const state = hostname === lostName ? this.#state : 'known';
    const fail = (code: string) => answer(Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code }), []);
    if (state === 'silent') this.unanswered.push(() => fail('EAI_AGAIN'));
    else if (state === 'known') setImmediate(() => answer(null, [{ address: '127.0.0.1', family: 4 }]));
    else setImmediate(() => fail(state));
  };

  /** @param how what a look-up of the name comes to */
  lose(how: 'ENOTFOUND' | 'EAI_AGAIN' | 'silent'): void {
    this.#state = how;
  }

  /** Knows the name again. Look-ups in the silence fail, as they do after a while. */
  find(): void {
    this.#state = 'known';
    for (const giveUp of this.unanswered.splice(0)) giveUp();
  }
}

async function openBy({ lookup }: NameServer): Promise<Scene> {
  const { troubled, others } = tenants;
  const changes = new Map(others.map(({ tenantId }) => [tenantId, { host: 'other.test' }]));
  changes.set(troubled.tenantId, { host: lostName });
  return await openScene({ ...tenants, lookup, limits: { connectionDeadlineMs: 500 }, changes });
}

test.each(['ENOTFOUND', 'EAI_AGAIN', 'silent'] as const)(
  'a host’s name that is lost (%s) is an outage of its tenants until it is found',
  async (how) => {
    const { databases, troubled, others } = tenants;
    const names = new NameServer();
    await using scene = await openBy(names);
    names.lose(how);
    await scene.traffic.flows();
    await disconnect(databases, troubled);
    await scene.traffic.of(troubled).meets('TENANT_UNAVAILABLE');
    // Another name is found meanwhile.
    for (const { tenantId } of others) await scene.pool.evict(tenantId, 'test');
    await scene.traffic.flows(others);
    expect(names.unanswered).toHaveLength(how === 'silent' ? 1 : 0);
    names.find();
    await scene.traffic.flows();
    const allowed = (tenant: TenantPlacement) => (tenant === troubled ? ['TENANT_UNAVAILABLE', 'TENANT_BUSY'] : ['revoked']);
    expect(await scene.end(allowed)).toEqual([]);
  },
);
