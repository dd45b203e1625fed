/** The clients that wait for the plan of one operation, by their keys. */
export class Waiters {
  readonly #counts = new Map<string, number>();
  #isClosed = false;

  get clients(): string[] {
    return [...this.#counts.keys()];
  }

  /** Whether the operation is given up: who wants its plan now has it planned anew. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** @returns what ends the client's waiting */
  join(client: string): Disposable {
    this.#change(client, 1);
    return { [Symbol.dispose]: () => this.#change(client, -1) };
  }

  close(): void {
    this.#isClosed = true;
  }

  #change(client: string, by: 1 | -1): void {
    const count = (this.#counts.get(client) ?? 0) + by;
    if (count === 0) this.#counts.delete(client);
    else this.#counts.set(client, count);
  }
}
