import { lookup as systemLookup } from 'node:dns';
import { Socket, type LookupFunction } from 'node:net';

type Answer = Parameters<LookupFunction>[2];

/**
 * Looks each host name up once for all who want it at the same time. Node.js asks the system on a few threads, two by default, and a name
 * that nobody answers for keeps one of them for many seconds (libuv, "Thread pool work scheduling"; resolv.conf(5)): without this, the
 * connections wanted to one cluster would keep those to all others from finding theirs. Nothing is remembered.
 */
export function sharedLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  const underWay = new Map<string, Answer[]>();
  return (hostname, options, answer) => {
    const question = JSON.stringify([hostname, options]);
    const others = underWay.get(question);
    if (others) {
      others.push(answer);
      return;
    }
    const all = [answer];
    underWay.set(question, all);
    try {
      lookup(hostname, options, (...found) => {
        underWay.delete(question);
        for (const each of all) each(...found);
      });
    } catch (error) {
      underWay.delete(question);
      throw error;
    }
  };
}

/** For `pg`: makes sockets that look their host up with `lookup`. Told to connect to a path, a Unix socket's, they need no host. */
export function socketsBy(lookup: LookupFunction): () => Socket {
  return () => {
    const socket = new Socket();
    const connect = socket.connect.bind(socket);
    return Object.assign(socket, {
      connect: (address: number | string, host?: string) =>
        typeof address === 'string' ? connect(address) : connect({ port: address, host, lookup }),
    });
  };
}
