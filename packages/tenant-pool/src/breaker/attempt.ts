import type { ConnectionFailure } from '../connections/connection-failure.ts';

/** Work that was let through. One of the methods is called, once, when it is over; a further call does nothing. */
export interface Attempt {
  /** There was a connection, whatever the work itself came to. */
  succeeded(): void;
  failed(failure: ConnectionFailure): void;
  /** It ended before it was known whether there is a connection. */
  abandoned(): void;
}

/** Told how attempts ended. */
export interface AttemptJudge {
  onSuccess(attempt: TenantAttempt): void;
  onFailure(attempt: TenantAttempt, failure: ConnectionFailure): void;
  onAbandonment(attempt: TenantAttempt): void;
}

export class TenantAttempt implements Attempt {
  readonly tenantId: string;
  /** Of the tenant's circuits when it began. */
  readonly epoch: number;
  #judge: AttemptJudge | null;

  constructor(tenantId: string, epoch: number, judge: AttemptJudge) {
    this.tenantId = tenantId;
    this.epoch = epoch;
    this.#judge = judge;
  }

  succeeded(): void {
    this.#end()?.onSuccess(this);
  }

  failed(failure: ConnectionFailure): void {
    this.#end()?.onFailure(this, failure);
  }

  abandoned(): void {
    this.#end()?.onAbandonment(this);
  }

  #end(): AttemptJudge | null {
    const judge = this.#judge;
    this.#judge = null;
    return judge;
  }
}
