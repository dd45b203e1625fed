import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { freePort } from '@tenantry/backing-services';
import type { Tenant } from './tenant.ts';

/** Ways in which a tenant's database is not there. */
export interface DeadTenants extends AsyncDisposable {
  readonly tenants: readonly Tenant[];
}

/**
 * `perKind` tenants of each kind: a host that takes connections and never answers, a port at which nobody listens, and a password
 * that Postgres refuses. All else is as `model` has it.
 */
export async function deadTenants(model: Tenant, perKind: number): Promise<DeadTenants> {
  const sockets = new Set<Socket>();
  const blackHole = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
  });
  await once(blackHole.listen(0, '127.0.0.1'), 'listening');
  const address = blackHole.address();
  if (address === null || typeof address === 'string') throw new Error('a listening server has a port');
  const refusedPort = await freePort();
  const changes: Partial<URL>[] = [{ port: String(address.port) }, { port: String(refusedPort) }, { password: 'wrong' }];
  return {
    tenants: changes.flatMap((change) =>
      Array.from({ length: perKind }, () => ({ tenantId: randomUUID(), url: Object.assign(new URL(model.url), change).href })),
    ),
    [Symbol.asyncDispose]: async () => {
      blackHole.close();
      for (const socket of sockets) socket.destroy();
      await once(blackHole, 'close');
    },
  };
}
