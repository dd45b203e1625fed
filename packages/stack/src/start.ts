import { mkdir } from 'node:fs/promises';
import { startEmbeddedPostgres } from '@tenantry/backing-services';
import { startOperationsServer, type Logger } from '@tenantry/service';
import { prepareDemo } from './demo.ts';
import { assertPortsAreFree } from './ports.ts';
import { keepSecrets } from './secrets.ts';
import { startStack } from './stack.ts';
import { takeStartLock } from './start-lock.ts';
import type { StartOptions } from './start-options.ts';
import { step } from './step.ts';
import { welcome } from './welcome.ts';

/** What `pnpm start` does: everything on this machine, with demo tenants, and a word on how to use it. */
export async function start({ directory, port, metricsPort, postgresPort }: StartOptions, logger: Logger): Promise<AsyncDisposable> {
  await using cleanup = new AsyncDisposableStack();
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const lock = cleanup.use(await takeStartLock(directory));
  await assertPortsAreFree([
    { port, purpose: 'the gateway', flag: '--port' },
    { port: metricsPort, purpose: 'metrics', flag: '--metrics-port' },
    { port: postgresPort, purpose: 'Postgres', flag: '--postgres-port' },
  ]);

  const secrets = await keepSecrets(directory);
  const postgres = cleanup.use(
    await step('Postgres', () =>
      startEmbeddedPostgres({
        directory: `${directory}/postgres`,
        port: postgresPort,
        password: secrets.postgresPassword,
        notify: (message) => console.log(`  ${message}`),
      }),
    ),
  );
  const stack = cleanup.use(await step('Gateway and subgraphs', () => startStack({ postgresUrl: postgres.url, secrets, port, logger })));
  const operations = cleanup.use(await startOperationsServer({ port: metricsPort, host: '127.0.0.1', metrics: stack.metrics }));
  const demo = await step('Demo tenants', () => prepareDemo(stack));

  lock.describe(stack.url);
  console.log(welcome({ stack, demo, metricsUrl: `${operations.url}/metrics`, postgresPort, directory }));
  return cleanup.move();
}
