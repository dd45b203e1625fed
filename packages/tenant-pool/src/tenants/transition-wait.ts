import { abandonable } from '@tenantry/service';
import type { TenantStatus } from '@tenantry/prisma/control';
import type { TenantDirectory } from '../directory/tenant-directory.ts';
import { TenantMigratingError, TenantWakingError } from '../errors.ts';

export interface TransitionWaitOptions {
  directory: Pick<TenantDirectory, 'lookup' | 'onChange'>;
  /** Milliseconds that somebody waits, at most; 0 for not at all. */
  waitMs: number;
}

/** Statuses that pass by themselves. A hibernated tenant stays so until somebody wakes it. */
const passing: ReadonlySet<TenantStatus> = new Set(['MIGRATING', 'WAKING']);

/** Has those who want a tenant wait while it is in transition. Once this is disposed of, nobody waits any more. */
export class TransitionWait implements Disposable {
  readonly #options: TransitionWaitOptions;
  readonly #end = new AbortController();

  constructor(options: TransitionWaitOptions) {
    this.#options = options;
  }

  /**
   * Does `attempt`; where the tenant's transition refuses it, once more when that is over, or the time is.
   *
   * @throws what the attempt throws; the reason of `signal`, once that has aborted
   */
  async outlast<Result>(tenantId: string, attempt: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    try {
      return await attempt();
    } catch (error) {
      const isRefused = error instanceof TenantMigratingError || error instanceof TenantWakingError;
      if (!isRefused || this.#options.waitMs === 0) throw error;
    }
    await this.#transitionEnd(tenantId, signal);
    signal?.throwIfAborted();
    return await attempt();
  }

  [Symbol.dispose](): void {
    this.#end.abort();
  }

  async #transitionEnd(tenantId: string, signal: AbortSignal | undefined): Promise<void> {
    const { directory, waitMs } = this.#options;
    const enough = AbortSignal.any([this.#end.signal, AbortSignal.timeout(waitMs), ...(signal ? [signal] : [])]);
    while (!enough.aborted) {
      // Listened for before the placement is read, so that no change comes between the two.
      using change = nextChange(directory, tenantId.toLowerCase());
      const { status } = await directory.lookup(tenantId);
      if (!passing.has(status)) return;
      await abandonable(change.heard, enough).catch(() => {});
    }
  }
}

function nextChange(directory: TransitionWaitOptions['directory'], tenantId: string): Disposable & { heard: Promise<void> } {
  const { promise: heard, resolve } = Promise.withResolvers<void>();
  const subscription = directory.onChange((changed) => {
    if (changed === null || changed === tenantId) resolve();
  });
  return { heard, [Symbol.dispose]: () => subscription[Symbol.dispose]() };
}
