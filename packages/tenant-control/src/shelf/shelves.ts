import { defaultShelfSize, type ClusterConfig } from '../clusters/cluster-config.ts';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import { Shelf, type ShelfChanges, type ShelfOptions } from './shelf.ts';

/** The shelves of all clusters. */
export class Shelves {
  readonly #shelves = new Map<string, { shelf: Shelf; size: number }>();
  readonly #options: ShelfOptions;
  #onTaken = (): void => {};

  constructor(clusters: ReadonlyMap<string, ClusterAdmin>, configs: readonly ClusterConfig[], options: ShelfOptions) {
    this.#options = options;
    for (const { name, shelf: size = defaultShelfSize } of configs) {
      const admin = clusters.get(name);
      if (admin) this.#shelves.set(name, { shelf: new Shelf(admin, options), size });
    }
  }

  /** Has `listener` called when a shelf may want refilling. */
  onTaken(listener: () => void): void {
    this.#onTaken = listener;
  }

  /**
   * Name of the template whose clones a new tenant of the cluster may take off the shelf.
   *
   * @returns null where nothing is kept there, and while this process does not know it
   */
  templateOf(clusterName: string): string | null {
    return this.#stocked(clusterName)?.template ?? null;
  }

  /** To be called after something was taken off the shelf of a cluster, or was not found there. */
  refillSoon(clusterName: string): void {
    if (this.#stocked(clusterName)) this.#onTaken();
  }

  /** Brings each shelf to its size. A cluster that does not answer is logged and keeps the others from nothing. */
  async refill(): Promise<ShelfChanges> {
    const changes = await Promise.all(
      [...this.#shelves].map(async ([cluster, { shelf, size }]) => {
        try {
          return await shelf.refill(size);
        } catch (err) {
          this.#options.logger.warn({ err, cluster }, 'the shelf of a cluster could not be refilled');
          return { made: 0, discarded: 0 };
        }
      }),
    );
    return changes.reduce((sum, { made, discarded }) => ({ made: sum.made + made, discarded: sum.discarded + discarded }), {
      made: 0,
      discarded: 0,
    });
  }

  /** The shelf of a cluster, if there is to be anything on it. */
  #stocked(clusterName: string): Shelf | null {
    const { shelf = null, size = 0 } = this.#shelves.get(clusterName) ?? {};
    return size > 0 ? shelf : null;
  }
}
