import type { Logger } from '@tenantry/service';
import type { Catalog } from '@tenantry/tenant-control';

export interface TenantActivityOptions {
  catalog: Pick<Catalog, 'recordActivity'>;
  logger: Logger;
  /** Milliseconds for which tenants in use are gathered. Default 60000. */
  everyMs?: number | undefined;
}

const defaultEveryMs = 60_000;

/** Tells the catalog which tenants are in use: of all of them together, now and then and when it is disposed of. */
export class TenantActivity implements AsyncDisposable {
  readonly #options: TenantActivityOptions;
  readonly #timer: NodeJS.Timeout;
  #used = new Set<string>();
  /** What is being recorded, one after the other. */
  #recording: Promise<void> = Promise.resolve();

  constructor(options: TenantActivityOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#recordNext(), options.everyMs ?? defaultEveryMs).unref();
  }

  note(tenantId: string): void {
    this.#used.add(tenantId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#timer);
    this.#recordNext();
    await this.#recording;
  }

  #recordNext(): void {
    this.#recording = this.#recording.then(async () => await this.#record());
  }

  async #record(): Promise<void> {
    const used = this.#used;
    if (used.size === 0) return;
    this.#used = new Set();
    try {
      await this.#options.catalog.recordActivity([...used]);
    } catch (err) {
      for (const tenantId of used) this.#used.add(tenantId);
      this.#options.logger.warn({ err }, 'which tenants are in use could not be recorded; it is tried again');
    }
  }
}
