import { isIPv6 } from 'node:net';
import type { TenantContext } from '@tenantry/auth';
import { TooManyConnectionsError } from '../errors.ts';
import { clientKey } from '../http/client-key.ts';
import { Places, type SubscriptionLimits } from './limits.ts';
import type { SubscriptionMetrics } from './subscription-metrics.ts';

/** By what WebSockets are limited. */
export type ConnectionScope = 'all' | 'address' | 'client';

export type ConnectionLimits = Pick<SubscriptionLimits, 'connections' | 'connectionsPerAddress' | 'connectionsPerClient'>;

/** Counts WebSockets, so that nobody takes them all. */
export class ConnectionPlaces {
  readonly #places: Readonly<Record<ConnectionScope, Places<string>>>;
  readonly #metrics: SubscriptionMetrics;

  constructor({ connections, connectionsPerAddress, connectionsPerClient }: ConnectionLimits, metrics: SubscriptionMetrics) {
    this.#metrics = metrics;
    this.#places = {
      all: new Places(connections, () => new TooManyConnectionsError('There are too many connections.')),
      address: new Places(connectionsPerAddress, (most) => new TooManyConnectionsError(`There are ${most} connections of this address.`)),
      client: new Places(connectionsPerClient, (most) => new TooManyConnectionsError(`There are ${most} connections of this client.`)),
    };
  }

  /**
   * For a connection that opens.
   *
   * @param address of the client; null when it is not known
   * @throws {TooManyConnectionsError}
   */
  enter(address: string | null): Disposable {
    using entered = new DisposableStack();
    entered.use(this.#take('all', ''));
    entered.use(this.#take('address', address === null ? '' : networkOf(address)));
    return entered.move();
  }

  /**
   * For a connection whose client is known by now. Who has no token is counted by their address alone.
   *
   * @throws {TooManyConnectionsError}
   */
  admit({ principal, origin }: TenantContext): Disposable | null {
    return principal && this.#take('client', clientKey({ principal, origin }));
  }

  #take(scope: ConnectionScope, key: string): Disposable {
    try {
      return this.#places[scope].take(key);
    } catch (error) {
      this.#metrics.refusedConnection(scope);
      throw error;
    }
  }
}

/** The address, or of IPv6 its first 64 bits: one subscriber has all that begin so (RFC 6177 §2). */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [before = [], after = []] = address.split('::').map((part) => part.split(':').filter(Boolean));
  // What `::` stands for: zeros, as many as are missing.
  const zeros = Array.from({ length: Math.max(8 - before.length - after.length, 0) }, () => '0');
  const groups = [...before, ...zeros, ...after].slice(0, 4);
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join(':');
}
