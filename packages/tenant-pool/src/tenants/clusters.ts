import type { TenantPlacement } from '../directory/placement.ts';
import { clusterConnections } from '../limits.ts';
import type { ClusterUsage } from '../metrics/cluster-usage.ts';
import type { ClusterShare, ShareRegister } from '../shares/share-register.ts';
import { Cluster, type ClusterOptions } from './cluster.ts';

export interface ClustersOptions extends Omit<ClusterOptions, 'name' | 'connections' | 'onCeiling'> {
  /** Divides each cluster's connections between processes. Null: this one has them all. */
  shares: ShareRegister | null;
}

/** The clusters that this process uses, each known from the moment that one of its tenants is wanted. */
export class Clusters {
  readonly #options: ClustersOptions;
  readonly #clusters = new Map<string, Cluster>();
  readonly #leave: (() => Promise<void>)[] = [];

  constructor(options: ClustersOptions) {
    this.#options = options;
  }

  of({ cluster: name }: TenantPlacement): Cluster {
    const known = this.#clusters.get(name);
    if (known) return known;
    const { shares } = this.#options;
    const cluster = shares ? this.#share(name, shares) : this.#open(name, clusterConnections(this.#options.limits, name));
    this.#clusters.set(name, cluster);
    return cluster;
  }

  usage(): ClusterUsage[] {
    return [...this.#clusters.values()].map((cluster) => cluster.usage());
  }

  /** Refuses to open the tenants that wait for a connection. */
  refuseOpenings(error: unknown): void {
    for (const cluster of this.#clusters.values()) cluster.refuseOpenings(error);
  }

  /** Leaves the other processes its shares. No connection may be left by then. */
  async leave(): Promise<void> {
    await Promise.all(this.#leave.map(async (leave) => await leave()));
  }

  /** A cluster that has no connections until the register grants some. */
  #share(name: string, register: ShareRegister): Cluster {
    const { limits, logger } = this.#options;
    let own: ClusterShare | undefined;
    const cluster = this.#open(name, 0, (connections) => own?.report(connections));
    const join = async () => {
      own = await register.join(name, clusterConnections(limits, name), (connections) => cluster.budget.resize(connections));
      own.report(cluster.budget.ceiling);
    };
    const joined = join().catch((err: unknown) => logger.error({ err, cluster: name }, 'could not join those who share a cluster'));
    this.#leave.push(async () => {
      await joined;
      await own?.[Symbol.asyncDispose]();
    });
    return cluster;
  }

  #open(name: string, connections: number, onCeiling?: (connections: number) => void): Cluster {
    return new Cluster({ ...this.#options, name, connections, ...(onCeiling && { onCeiling }) });
  }
}
