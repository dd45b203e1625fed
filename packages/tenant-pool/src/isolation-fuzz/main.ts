import { parseArgs } from 'node:util';
import { startDisposablePostgres } from '@tenantry/backing-services';
import { z } from 'zod';
import { createTenantDatabases } from '../testing/tenant-databases.ts';
import type { FuzzReport } from './fuzz-report.ts';
import { PoolTarget } from './pool-target.ts';
import { runFuzz } from './run-fuzz.ts';
import { foreignRows, seedTenants } from './seeded-tenants.ts';

const text = { type: 'string' } as const;

const settings = z
  .object({
    operations: z.coerce.number().int().positive().default(100_000),
    tenants: z.coerce.number().int().min(2).max(999).default(50),
    seed: z.coerce
      .number()
      .int()
      .nonnegative()
      .default(Date.now() % 2 ** 32),
    strategy: z.enum(['shared-client', 'client-per-tenant']).default('shared-client'),
  })
  .parse(parseArgs({ options: { operations: text, tenants: text, seed: text, strategy: text } }).values);

/** Milliseconds between two lines of progress. */
const progressMs = 5000;

/** Tells how far the run is, now and then. */
function progress(start: number): (report: FuzzReport) => void {
  let next = start;
  return ({ operations, right, wrong, unexpected }) => {
    const now = performance.now();
    if (now < next) return;
    next = now + progressMs;
    const seconds = Math.round((now - start) / 1000);
    console.log(`${seconds} s: ${operations} of ${settings.operations}, ${right} right, ${wrong.count + unexpected.count} not`);
  };
}

const unhandled: string[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(`unhandled: ${reason instanceof Error ? reason.stack : String(reason)}`));

console.log(`Isolation fuzz with ${JSON.stringify(settings)}; give --seed ${settings.seed} to repeat it.`);
await using postgres = await startDisposablePostgres({ settings: { max_connections: '200' } });
await using databases = await createTenantDatabases(settings.tenants, postgres.url);
await seedTenants(databases);

const start = performance.now();
const target = await PoolTarget.open(databases, settings.strategy);
const report = await runFuzz(target, { ...settings, onProgress: progress(start) });
const seconds = (performance.now() - start) / 1000;
await target[Symbol.asyncDispose]();

const foreign = await foreignRows(databases);
const { operations, right, cut, wrong, unexpected } = report;
console.log({
  operations,
  right,
  cut: Object.fromEntries(cut),
  disturbances: target.disturbances,
  wrong: wrong.count,
  foreignRows: foreign.length,
  unexpected: unexpected.count,
  unhandled: unhandled.length,
  seconds: Math.round(seconds),
  megabytes: Math.round(process.memoryUsage.rss() / 2 ** 20),
});
for (const finding of [...wrong.first, ...foreign.slice(0, 20), ...unexpected.first, ...unhandled]) console.error(finding);
if (!report.isClean || foreign.length > 0 || unhandled.length > 0) process.exitCode = 1;
