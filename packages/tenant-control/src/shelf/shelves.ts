import type { Prisma } from '@tenantry/prisma/control';
import { defaultShelfSize, type ClusterConfig } from '../clusters/cluster-config.ts';
import type { ClusterAdmin } from '../clusters/cluster-admin.ts';
import type { OwnedDatabase } from '../tenant-databases/owned-database.ts';
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

  /** Has `listener` called when a shelf is wanted that may want refilling. */
  onTaken(listener: () => void): void {
    this.#onTaken = listener;
  }

  /**
   * Name of the template whose clones a new tenant of the cluster may take off the shelf.
   *
   * @returns null while this process does not know it
   */
  templateOf(clusterName: string): string | null {
    return this.#stocked(clusterName)?.template ?? null;
  }

  /** As {@link Shelf.take}. */
  async take(tx: Prisma.TransactionClient, clusterName: string): Promise<OwnedDatabase | null> {
    return (await this.#stocked(clusterName)?.take(tx)) ?? null;
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

  /** The shelf of a cluster that is to have something on it, and may want refilling after whoever asks. */
  #stocked(clusterName: string): Shelf | null {
    const { shelf, size = 0 } = this.#shelves.get(clusterName) ?? {};
    if (!shelf || size === 0) return null;
    this.#onTaken();
    return shelf;
  }
}
