import type { Logger } from '@tenantry/service';
import type { TenantEntry } from './tenant-entry.ts';

type CheckedEntry = Pick<TenantEntry, 'tenantId' | 'phase'>;

export interface PlacementChecksOptions<Entry extends CheckedEntry> {
  /** Reads where an entry's tenant is, and closes the entry if it is outdated. @throws when that cannot be read */
  check: (entry: Entry) => Promise<void>;
  logger: Logger;
}

/** Entries in doubt that are looked at together: a catalog that comes back shall not be asked of all at once. */
const checksAtOnce = 4;

/** Sees to it that entries whose tenant may have changed are looked at, also when that is not possible at once. */
export class PlacementChecks<Entry extends CheckedEntry> {
  readonly #options: PlacementChecksOptions<Entry>;
  /** Those still to be looked at, who was not for longest first. */
  readonly #doubtful = new Set<Entry>();
  #isSettling = false;
  #isOutage = false;

  constructor(options: PlacementChecksOptions<Entry>) {
    this.#options = options;
  }

  /** Looks at an entry now; if that fails, it is in doubt. */
  async check(entry: Entry): Promise<void> {
    await this.#succeeds(entry);
  }

  /** Puts entries in doubt, for {@link settle} to look at. */
  doubt(entries: Iterable<Entry>): void {
    for (const entry of entries) this.#doubtful.add(entry);
  }

  /** Looks at the entries in doubt, a few at a time, as long as that succeeds. Does nothing while it is under way. */
  async settle(): Promise<void> {
    if (this.#isSettling) return;
    this.#isSettling = true;
    const doubtful = this.#doubtful.values();
    await Promise.all(Array.from({ length: checksAtOnce }, async () => await this.#settleFrom(doubtful)));
    this.#isSettling = false;
  }

  async #settleFrom(doubtful: Iterable<Entry>): Promise<void> {
    for (const entry of doubtful) if (!(await this.#succeeds(entry))) return;
  }

  async #succeeds(entry: Entry): Promise<boolean> {
    this.#doubtful.delete(entry);
    try {
      await this.#options.check(entry);
      this.#onAnswer();
      return true;
    } catch (err) {
      if (entry.phase !== 'closed') this.#doubtful.add(entry);
      this.#onFailure(err, entry);
      return false;
    }
  }

  #onFailure(err: unknown, { tenantId }: Entry): void {
    if (!this.#isOutage)
      this.#options.logger.warn({ err, tenantId }, 'could not read where tenants are now: they stay open until that is known');
    this.#isOutage = true;
  }

  #onAnswer(): void {
    if (this.#isOutage) this.#options.logger.info('where tenants are can be read again');
    this.#isOutage = false;
  }
}
