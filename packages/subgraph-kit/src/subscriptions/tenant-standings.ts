import type { TenantryError } from '@tenantry/service';
import { standingOf, TenantNotFoundError, TenantSuspendedError, type TenantDirectory } from '@tenantry/tenant-pool';

export interface TenantStandingsOptions {
  directory: TenantDirectory;
  /** Milliseconds between two looks at every tenant that is watched, in case word of a change was lost. Default 30000. */
  recheckMs?: number | undefined;
}

const defaultRecheckMs = 30_000;

/** Told why a tenant is not served any more. */
export type OnRefused = (refusal: TenantryError) => void;

/**
 * Watches whether tenants are still served: neither suspended nor deleted. Anything else, such as a migration, passes by itself, and is
 * waited for.
 */
export class TenantStandings implements Disposable {
  readonly #directory: TenantDirectory;
  readonly #watchers = new Map<string, Set<OnRefused>>();
  readonly #subscription: Disposable;
  readonly #timer: NodeJS.Timeout;
  /** The look at all of them that is under way. */
  #round: Promise<void> | null = null;

  constructor({ directory, recheckMs = defaultRecheckMs }: TenantStandingsOptions) {
    this.#directory = directory;
    this.#subscription = directory.onChange((tenantId) => void (tenantId === null ? this.#recheckAll() : this.#recheck(tenantId)));
    this.#timer = setInterval(() => void this.#recheckAll(), recheckMs).unref();
  }

  /** @throws {TenantSuspendedError} {TenantNotFoundError} {TenantUnavailableError} when that cannot be told */
  async check(tenantId: string): Promise<void> {
    const refusal = await this.#refusalOf(tenantId);
    if (refusal) throw refusal;
  }

  /** Has `onRefused` called when the tenant, which is served, is so no longer. It must not throw. */
  watch(tenantId: string, onRefused: OnRefused): Disposable {
    const known = this.#watchers.get(tenantId);
    if (known) known.add(onRefused);
    else this.#watchers.set(tenantId, new Set([onRefused]));
    return { [Symbol.dispose]: () => this.#unwatch(tenantId, onRefused) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#subscription[Symbol.dispose]();
  }

  #unwatch(tenantId: string, onRefused: OnRefused): void {
    const watchers = this.#watchers.get(tenantId);
    watchers?.delete(onRefused);
    if (watchers?.size === 0) this.#watchers.delete(tenantId);
  }

  /** One after the other, and not again while that is under way. */
  async #recheckAll(): Promise<void> {
    this.#round ??= (async () => {
      for (const tenantId of this.#watchers.keys()) await this.#recheck(tenantId);
      this.#round = null;
    })();
    await this.#round;
  }

  async #recheck(tenantId: string): Promise<void> {
    if (!this.#watchers.has(tenantId)) return;
    // What cannot be told now is looked at again.
    const refusal = await this.#refusalOf(tenantId).catch(() => null);
    if (refusal) for (const onRefused of this.#watchers.get(tenantId) ?? []) onRefused(refusal);
  }

  async #refusalOf(tenantId: string): Promise<TenantryError | null> {
    const standing = await standingOf(this.#directory, tenantId);
    return standing instanceof TenantSuspendedError || standing instanceof TenantNotFoundError ? standing : null;
  }
}
