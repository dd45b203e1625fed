import type { SubgraphLocation } from './load-supergraph.ts';

interface Shared<Connection> {
  readonly connection: Connection;
  holders: number;
}

/** A holding of connections, given up by disposal. */
export interface HeldConnections<Connection> extends AsyncDisposable {
  /** By the names of the subgraphs. */
  readonly connections: ReadonlyMap<string, Connection>;
}

/**
 * The ways to subgraphs, each of which is shared by all generations whose supergraphs have the same subgraph at the same place. One is
 * disposed of when the last of them lets go.
 */
export class SharedConnections<Connection extends AsyncDisposable> {
  readonly #connect: (subgraph: SubgraphLocation) => Connection;
  readonly #shared = new Map<string, Shared<Connection>>();

  constructor(connect: (subgraph: SubgraphLocation) => Connection) {
    this.#connect = connect;
  }

  /** @throws what `connect` throws; nothing is held then */
  async hold(subgraphs: readonly SubgraphLocation[]): Promise<HeldConnections<Connection>> {
    await using held = new AsyncDisposableStack();
    const connections = new Map<string, Connection>();
    for (const subgraph of subgraphs) {
      connections.set(subgraph.name, this.#take(subgraph));
      held.defer(async () => await this.#letGo(subgraph));
    }
    const holding = held.move();
    return { connections, [Symbol.asyncDispose]: async () => await holding.disposeAsync() };
  }

  #take(subgraph: SubgraphLocation): Connection {
    const key = keyOf(subgraph);
    const shared = this.#shared.get(key) ?? { connection: this.#connect(subgraph), holders: 0 };
    shared.holders++;
    this.#shared.set(key, shared);
    return shared.connection;
  }

  async #letGo(subgraph: SubgraphLocation): Promise<void> {
    const key = keyOf(subgraph);
    const shared = this.#shared.get(key);
    if (!shared || --shared.holders > 0) return;
    this.#shared.delete(key);
    await shared.connection[Symbol.asyncDispose]();
  }
}

function keyOf({ name, url }: SubgraphLocation): string {
  return JSON.stringify([name, url]);
}
