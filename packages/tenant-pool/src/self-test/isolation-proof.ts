import { abandonable, type Logger } from '@tenantry/service';
import { IsolationError } from '../errors.ts';
import type { TenantClients } from '../handles/tenant-clients.ts';
import { assertIsolationBetween, type IsolationVerdict, type ServedTenant } from './assert-isolation-between.ts';

export interface IsolationProofOptions {
  clients: TenantClients;
  logger: Logger;
  /** Told once, when the proof has failed: whatever is open must be closed. */
  onRefuted: (error: IsolationError) => void;
  /** Milliseconds that a proof may keep tenants waiting; it is then due again with the next tenant. Default 3000. */
  deadlineMs?: number;
}

const defaultDeadlineMs = 3000;

type ProofState =
  /** `first` is the last tenant that was opened. */
  | { phase: 'open'; first: ServedTenant | null }
  | { phase: 'running'; settled: Promise<void> }
  | { phase: 'proven' }
  | { phase: 'refuted'; error: IsolationError };

/**
 * That this process keeps tenants apart, proven on the first two whose databases it reaches, before the second is served. One
 * tenant by itself has nobody to be kept apart from.
 */
export class IsolationProof {
  readonly #options: IsolationProofOptions;
  #state: ProofState = { phase: 'open', first: null };

  constructor(options: IsolationProofOptions) {
    this.#options = options;
  }

  get phase(): ProofState['phase'] {
    return this.#state.phase;
  }

  /** @throws {IsolationError} when the proof has failed: this process must not serve */
  assertNotRefuted(): void {
    if (this.#state.phase === 'refuted') throw this.#state.error;
  }

  /**
   * Admits a tenant that was opened, after the proof if that is due. To be called before its first lease is granted.
   *
   * @throws {IsolationError} when the proof has failed
   */
  async admit(tenant: ServedTenant): Promise<void> {
    for (;;) {
      const state = this.#state;
      switch (state.phase) {
        case 'proven':
          return;
        case 'refuted':
          throw state.error;
        case 'running':
          await state.settled;
          break;
        case 'open': {
          const other = state.first?.tenantId === tenant.tenantId ? null : state.first;
          const hold = other?.hold();
          if (!other || !hold) {
            this.#state = { phase: 'open', first: tenant };
            return;
          }
          const settled = this.#run(other, tenant, hold);
          this.#state = { phase: 'running', settled };
          await settled;
          // Inconclusive: the tenant is served, and the proof is due again with the next.
          if (this.phase === 'open') return;
          break;
        }
      }
    }
  }

  /**
   * Opens tenants until the proof is there. When there are not two that can be reached, it is left to the first two that are
   * wanted.
   *
   * @param tenantIds candidates, the better ones first
   * @throws {IsolationError} when the proof has failed
   */
  async atStart(tenantIds: readonly string[], open: (tenantId: string) => Promise<unknown>): Promise<void> {
    for (const tenantId of tenantIds) {
      if (this.#state.phase === 'proven') return;
      try {
        await open(tenantId);
      } catch (err) {
        if (err instanceof IsolationError) throw err;
        this.#options.logger.warn({ err, tenantId }, 'a tenant could not be opened for the self-test');
      }
    }
    this.assertNotRefuted();
  }

  /** Never rejects. */
  async #run(first: ServedTenant, second: ServedTenant, hold: AsyncDisposable): Promise<void> {
    const { deadlineMs = defaultDeadlineMs } = this.#options;
    const trial = this.#try(first, second, hold);
    const deadline = AbortSignal.timeout(deadlineMs);
    try {
      const verdict = await abandonable(trial, deadline);
      if (verdict.conclusive) this.#state = { phase: 'proven' };
      else this.#repeat(verdict.failed === first ? second : first, verdict.failed, verdict.cause);
    } catch (error) {
      if (error !== deadline.reason) return this.#refute(error);
      this.#repeat(second, first, error);
      // What has begun may still find a leak.
      trial.catch((late: unknown) => this.#refute(late));
    }
  }

  async #try(first: ServedTenant, second: ServedTenant, hold: AsyncDisposable): Promise<IsolationVerdict> {
    await using _hold = hold;
    return await assertIsolationBetween(this.#options.clients, [first, second]);
  }

  #repeat(next: ServedTenant, { tenantId }: ServedTenant, err: unknown): void {
    this.#options.logger.warn({ err, tenantId }, 'the self-test was inconclusive; it is repeated with the next tenant');
    this.#state = { phase: 'open', first: next };
  }

  #refute(cause: unknown): void {
    const error = cause instanceof IsolationError ? cause : new IsolationError('The self-test failed.', { cause });
    this.#options.logger.fatal({ err: error }, 'tenants are not kept apart: this process serves no longer');
    this.#state = { phase: 'refuted', error };
    this.#options.onRefuted(error);
  }
}
