/** A process that runs one task, says how it ended, and ends. */
import { once } from 'node:events';
import { orderSchema, type Answer } from './child-protocol.ts';

const say = (answer: Answer) => process.send?.(answer);

// Ctrl-C at a terminal reaches this process, too; the parent ends it.
process.on('SIGINT', () => {});
process.once('disconnect', () => process.exit(1));

const [message] = await once(process, 'message');
const { module, name, input } = orderSchema.parse(message);
try {
  const exported: unknown = Reflect.get(await import(module), name);
  if (!isTask(exported)) throw new TypeError(`${module} exports no task ${name}`);
  say({ kind: 'result', output: await exported.runHere(input, (text) => say({ kind: 'report', text })) });
} catch (error) {
  say({ kind: 'failure', message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}

function isTask(value: unknown): value is { runHere(input: unknown, report: (text: string) => void): Promise<unknown> } {
  return typeof value === 'object' && value !== null && 'runHere' in value;
}
