import type { TenantDb, TenantLease } from '@tenantry/tenant-pool';

/** The one lease of a job, taken when it is first wanted, and none after it was disposed of. */
export class JobLease implements AsyncDisposable {
  readonly #jobId: string;
  readonly #take: () => Promise<TenantLease>;
  #lease: Promise<TenantLease> | undefined;
  #hasEnded = false;

  constructor(jobId: string, take: () => Promise<TenantLease>) {
    this.#jobId = jobId;
    this.#take = take;
  }

  /** @throws what taking the lease throws */
  async db(): Promise<TenantDb> {
    if (this.#hasEnded) throw new Error(`The job ${this.#jobId} has ended: it reaches no database any more.`);
    return (await (this.#lease ??= this.#take())).db;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hasEnded = true;
    // One that was not granted failed where it was wanted.
    const held = await this.#lease?.catch(() => undefined);
    await held?.[Symbol.asyncDispose]();
  }
}
