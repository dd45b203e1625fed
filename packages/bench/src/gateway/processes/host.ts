/** A process that runs one service until it is told to stop. */
import { once } from 'node:events';
import { orderSchema, type Report } from './messages.ts';
import type { Served } from './bench-service.ts';

const say = (report: Report) => process.send?.(report);

// Ctrl-C at a terminal reaches this process, too; whoever started it ends it.
process.on('SIGINT', () => {});
process.channel?.ref();
try {
  const order = orderSchema.parse((await once(process, 'message'))[0]);
  if (order.kind !== 'start') throw new TypeError(`The first order to a service is to start, not ${order.kind}.`);
  const exported: unknown = Reflect.get(await import(order.module), order.name);
  if (!isService(exported)) throw new TypeError(`${order.module} exports no service ${order.name}`);
  const served = await exported.serveHere(order.input);
  process.once('SIGTERM', () => void stop(served));
  say({ kind: 'ready', url: served.url });
} catch (error) {
  say({ kind: 'failure', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
process.channel?.unref();

async function stop(served: Served): Promise<void> {
  await served[Symbol.asyncDispose]();
  process.exit();
}

function isService(value: unknown): value is { serveHere(input: unknown): Promise<Served> } {
  return typeof value === 'object' && value !== null && 'serveHere' in value;
}
