/** Starts a gateway and stops it again, printing every connection that the process opens meanwhile, and every name it looks up. */
import dns from 'node:dns';
import { isIP, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

Object.assign(Socket.prototype, { connect: announced('connect', Reflect.get(Socket.prototype, 'connect')) });
Object.assign(dns, { lookup: announced('lookup', dns.lookup) });

const { startTestGateway } = await import('./test-gateway.ts');
{
  await using _gateway = await startTestGateway();
  await delay(1500);
}
console.log('stopped');

function announced(what: string, call: (...args: never[]) => unknown) {
  return function (this: unknown, ...args: unknown[]) {
    // A server that listens looks its own address up.
    const [target] = args;
    if (typeof target !== 'string' || isIP(target) === 0) console.log(what, target);
    return Reflect.apply(call, this, args);
  };
}
