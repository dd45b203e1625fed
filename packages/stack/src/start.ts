import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { operatorScope } from '@tenantry/auth';
import { startEmbeddedPostgres } from '@tenantry/backing-services';
import type { SandboxOptions } from '@tenantry/gateway';
import { startOperationsServer, type Logger } from '@tenantry/service';
import type { SubgraphServices } from '@tenantry/subgraph-kit';
import { defaultJobsConfig } from '@tenantry/tenant-control';
import { databaseUrl } from './database-url.ts';
import { prepareDemo, type DemoTenant } from './demo.ts';
import { publishDevelopmentSettings } from './development-settings.ts';
import { signToken } from './development-tokens.ts';
import { assertPortsAreFree } from './ports.ts';
import { keepSecrets, type Secrets } from './secrets.ts';
import { defaultControlDatabase, startStack } from './stack.ts';
import { takeStartLock } from './start-lock.ts';
import type { StartOptions } from './start-options.ts';
import { step } from './step.ts';
import { memberName, memberQuery, operatorQuery, welcome, type ExampleRequest } from './welcome.ts';

const tokenLifetimeHours = 12;

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
  cleanup.defer(() => console.log('Tenantry has stopped. Its data is kept.'));

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
  let examples: ExampleRequest[] = [];
  const prepare = async (services: SubgraphServices): Promise<SandboxOptions> => {
    examples = exampleRequests(await prepareDemo(services), secrets);
    const [first] = examples;
    return first ? { document: first.query, headers: { Authorization: `Bearer ${first.token}` } } : {};
  };
  const backupStore = { kind: 'folder', path: join(directory, 'backups') } as const;
  const stack = cleanup.use(
    await step('Demo tenants, subgraphs and gateway', () =>
      startStack({ postgresUrl: postgres.url, secrets, port, backupStore, logger, prepare, jobs: defaultJobsConfig }),
    ),
  );
  const operations = cleanup.use(await startOperationsServer({ port: metricsPort, host: '127.0.0.1', metrics: stack.metrics }));

  // A file URL may have a quote in it, which the file that is written has around each value.
  const backupStoreUrl = pathToFileURL(backupStore.path).href.replaceAll("'", '%27');
  const controlDatabaseUrl = databaseUrl(postgres.url, defaultControlDatabase);
  cleanup.use(await publishDevelopmentSettings(directory, { controlDatabaseUrl, postgresUrl: postgres.url, backupStoreUrl, secrets }));

  lock.describe(stack.url);
  console.log(welcome({ url: stack.url, metricsUrl: `${operations.url}/metrics`, postgresPort, directory, examples, tokenLifetimeHours }));
  return cleanup.move();
}

function exampleRequests(demo: readonly DemoTenant[], secrets: Secrets): ExampleRequest[] {
  const expiresInSeconds = tokenLifetimeHours * 3600;
  const members = demo.map((member) => {
    const { subject, email } = member.owner;
    const token = signToken({ subject, tenantId: member.tenant.id, email, emailVerified: true, expiresInSeconds }, secrets);
    return { asker: memberName(member), token, query: memberQuery };
  });
  const token = signToken({ subject: 'demo-operator', scopes: Object.values(operatorScope), expiresInSeconds }, secrets);
  return [...members, { asker: 'a platform operator, who has no tenant and sees all of them', token, query: operatorQuery }];
}
