import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { seal, unseal } from '@tenantry/service';
import type { TenantPlacement } from '../directory/placement.ts';
import type { ClientStrategy } from '../handles/tenant-clients.ts';
import { openPool, type PoolFixture } from '../testing/pool-fixture.ts';
import type { TenantDatabases } from '../testing/tenant-databases.ts';
import type { Dice } from './dice.ts';
import type { FuzzLease, FuzzTarget } from './run-fuzz.ts';

/** Milliseconds for which a tenant is suspended. */
const suspensionMs = 10;

const limits = { connectionsPerCluster: 40, connectionsPerTenant: 3, acquireDeadlineMs: 20_000, turnMs: 20 };

/** A pool whose tenants are evicted, suspended and rotated at random. */
export class PoolTarget implements FuzzTarget, AsyncDisposable {
  readonly #databases: TenantDatabases;
  readonly #fixture: PoolFixture;
  /** Tenants that are being disturbed. */
  readonly #disturbed = new Set<number>();
  readonly disturbances = { evicted: 0, suspended: 0, rotated: 0 };

  static async open(databases: TenantDatabases, strategy: ClientStrategy): Promise<PoolTarget> {
    return new PoolTarget(databases, await openPool(databases, { strategy, limits }));
  }

  private constructor(databases: TenantDatabases, fixture: PoolFixture) {
    this.#databases = databases;
    this.#fixture = fixture;
  }

  get tenants(): number {
    return this.#databases.placements.length;
  }

  async lease(tenant: number, signal: AbortSignal): Promise<FuzzLease> {
    return await this.#fixture.pool.lease(this.#databases.tenant(tenant).tenantId, { operation: 'fuzz', signal });
  }

  async disturb(dice: Dice): Promise<void> {
    const tenant = dice.below(this.tenants);
    const [kind, delayMs] = [dice.next(), dice.below(4)];
    if (this.#disturbed.has(tenant)) return;
    this.#disturbed.add(tenant);
    await sleep(delayMs);
    if (kind < 0.6) await this.#evict(this.#databases.tenant(tenant));
    else if (kind < 0.8) await this.#suspend(this.#databases.tenant(tenant));
    else await this.#rotate(this.#databases.tenant(tenant));
    this.#disturbed.delete(tenant);
  }

  /** Leaves every role with the password that it had. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fixture[Symbol.asyncDispose]();
    const { placements, keyRing } = this.#databases;
    for (const { role, tenantId, sealedPassword } of placements) await this.#setPassword(role, unseal(sealedPassword, tenantId, keyRing));
  }

  async #evict({ tenantId }: TenantPlacement): Promise<void> {
    this.disturbances.evicted += 1;
    await this.#fixture.pool.evict(tenantId, 'at random');
  }

  async #suspend({ tenantId }: TenantPlacement): Promise<void> {
    this.disturbances.suspended += 1;
    await this.#change(tenantId, { status: 'SUSPENDED' });
    await sleep(suspensionMs);
    await this.#change(tenantId, { status: 'ACTIVE' });
  }

  async #rotate({ tenantId, role }: TenantPlacement): Promise<void> {
    this.disturbances.rotated += 1;
    const password = randomBytes(12).toString('base64url');
    const placement = await this.#fixture.table.findPlacement(tenantId);
    await this.#setPassword(role, password);
    await this.#change(tenantId, {
      sealedPassword: seal(password, tenantId, this.#databases.keyRing),
      credentialVersion: (placement?.credentialVersion ?? 0) + 1,
    });
  }

  async #setPassword(role: string, password: string): Promise<void> {
    await this.#databases.administer(`ALTER ROLE ${role} PASSWORD '${password}'`);
  }

  async #change(tenantId: string, change: Partial<TenantPlacement>): Promise<void> {
    this.#fixture.table.update(tenantId, change);
    await this.#fixture.bus.publish(tenantId);
  }
}
