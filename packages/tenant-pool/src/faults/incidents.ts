/** What went wrong in this process without anybody having asked: what Node.js would end it for, or warns of. */
export class Incidents implements Disposable {
  readonly #seen: string[] = [];
  readonly #onError = (error: unknown) => void this.#seen.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
  readonly #onWarning = (warning: Error) => void this.#seen.push(`${warning.name}: ${warning.message}`);

  constructor() {
    process.on('uncaughtExceptionMonitor', this.#onError);
    process.on('unhandledRejection', this.#onError);
    process.on('warning', this.#onWarning);
  }

  get seen(): readonly string[] {
    return this.#seen;
  }

  [Symbol.dispose](): void {
    process.off('uncaughtExceptionMonitor', this.#onError);
    process.off('unhandledRejection', this.#onError);
    process.off('warning', this.#onWarning);
  }
}
