/** Loaded into each process before its own code: tells what it has used, when it is asked, and ends it with whoever started it. */
import { readFileSync } from 'node:fs';
import { orderSchema, type Report } from './messages.ts';

process.on('message', (message) => {
  if (orderSchema.safeParse(message).data?.kind !== 'usage') return;
  const { user, system } = process.cpuUsage();
  const report: Report = { kind: 'usage', cpuMs: (user + system) / 1000, peakMemoryMb: peakMemoryKb() / 1024 };
  process.send?.(report);
});
process.once('disconnect', () => process.exit(1));
// What is measured decides how long it runs.
process.channel?.unref();

function peakMemoryKb(): number {
  try {
    // Not `ru_maxrss`: on Linux a process inherits that of the one that started it.
    return Number(/^VmHWM:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]);
  } catch {
    return process.resourceUsage().maxRSS;
  }
}
