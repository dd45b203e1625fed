/** How far a long piece of work has come. */
export interface Progress {
  /** `schema.name` of the table that is being worked on. */
  readonly table: string;
  readonly tables: { readonly done: number; readonly total: number };
  /** Uncompressed, of all tables so far. */
  readonly bytes: number;
  readonly rows: number;
}

/** What everything takes that reads or writes a whole database. */
export interface LongWork {
  /** Called when a table is begun, when it is done, and a few times a second in between. Must not throw. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Once aborted, the work stops, leaves nothing half done, and throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

const reportIntervalMs = 200;

/** Adds up what was done, and tells of it now and then. */
export class ProgressTracker {
  readonly #report: (progress: Progress) => void;
  readonly #total: number;
  #table = '';
  #done = 0;
  #bytes = 0;
  #rows = 0;
  #reportedAt = 0;

  constructor({ onProgress = () => {} }: LongWork, total: number) {
    this.#report = onProgress;
    this.#total = total;
  }

  begin(table: string): void {
    this.#table = table;
    this.#tell();
  }

  add(bytes: number, rows: number): void {
    this.#bytes += bytes;
    this.#rows += rows;
    if (performance.now() - this.#reportedAt >= reportIntervalMs) this.#tell();
  }

  end(): void {
    this.#done += 1;
    this.#tell();
  }

  #tell(): void {
    this.#reportedAt = performance.now();
    this.#report({ table: this.#table, tables: { done: this.#done, total: this.#total }, bytes: this.#bytes, rows: this.#rows });
  }
}
