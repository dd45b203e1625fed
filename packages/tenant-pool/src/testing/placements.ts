import { randomUUID } from 'node:crypto';
import type { PlacementSource, TenantPlacement } from '../directory/placement.ts';

/** A placement of a tenant that needs no database. */
export function placementOf(overrides: Partial<TenantPlacement> = {}): TenantPlacement {
  const tenantId = overrides.tenantId ?? randomUUID();
  return {
    tenantId,
    slug: `tenant-${tenantId.slice(0, 8)}`,
    status: 'ACTIVE',
    tier: 'STANDARD',
    cluster: 'standard',
    host: '127.0.0.1',
    port: 5432,
    sslMode: 'disable',
    pooling: 'direct',
    database: 'nowhere',
    role: 'nobody',
    sealedPassword: 'k1.',
    credentialVersion: 1,
    ...overrides,
  };
}

/** A catalog in memory. */
export class PlacementTable implements PlacementSource {
  /** How often it was read. */
  reads = 0;
  /** Runs in each read, between seeing the row and answering. */
  beforeAnswer: (() => void | Promise<void>) | undefined;
  readonly #placements = new Map<string, TenantPlacement>();

  constructor(placements: readonly TenantPlacement[] = []) {
    for (const placement of placements) this.#placements.set(placement.tenantId, placement);
  }

  set(placement: TenantPlacement): void {
    this.#placements.set(placement.tenantId, placement);
  }

  /** Changes a row and returns it as it then is. */
  update(tenantId: string, change: Partial<TenantPlacement>): TenantPlacement {
    const placement = { ...placementOf({ tenantId }), ...this.#placements.get(tenantId), ...change };
    this.#placements.set(tenantId, placement);
    return placement;
  }

  delete(tenantId: string): void {
    this.#placements.delete(tenantId);
  }

  async findServed(limit: number): Promise<string[]> {
    const served = this.#placements.values().filter(({ status }) => status === 'ACTIVE');
    return [...served.map(({ tenantId }) => tenantId).take(limit)];
  }

  async findPlacement(tenantId: string): Promise<TenantPlacement | null> {
    this.reads += 1;
    const placement = this.#placements.get(tenantId) ?? null;
    await this.beforeAnswer?.();
    return placement;
  }
}
