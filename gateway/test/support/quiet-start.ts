/** Starts a gateway and stops it again, printing every connection that the process opens meanwhile, and every name it looks up. */
import dns from 'node:dns';
import { isIP, Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const connect = Socket.prototype.connect;
Socket.prototype.connect = function (this: Socket, ...target: unknown[]) {
  console.log(`connect ${JSON.stringify(target[0])}`);
  return Reflect.apply(connect, this, target);
};
const lookup = dns.lookup;
Object.assign(dns, {
  lookup: (name: string, ...rest: unknown[]) => {
    if (isIP(name) === 0) console.log(`lookup ${name}`);
    return Reflect.apply(lookup, dns, [name, ...rest]);
  },
});

const { startTestGateway } = await import('./test-gateway.ts');
{
  await using _gateway = await startTestGateway();
  await delay(1500);
}
console.log('stopped');
