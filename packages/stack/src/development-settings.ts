import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Secrets } from './secrets.ts';

/** In the stack's folder while it runs: the variables by which other commands reach it, `pnpm tenantry` above all. */
const settingsFileName = 'development.env';

export interface DevelopmentSettings {
  controlDatabaseUrl: string;
  /** Administrator's URL of the one cluster, `standard`. */
  postgresUrl: string;
  /** As BACKUP_STORE has it. */
  backupStoreUrl: string;
  secrets: Pick<Secrets, 'jwtSecret' | 'keyRing' | 'signingKey'>;
}

/** Writes the settings for this user's eyes only; disposing of the result takes them away. */
export async function publishDevelopmentSettings(directory: string, settings: DevelopmentSettings): Promise<AsyncDisposable> {
  const path = join(directory, settingsFileName);
  const lines = Object.entries(variablesOf(settings)).map(([name, value]) => `${name}='${value}'\n`);
  await rm(`${path}.new`, { force: true });
  await writeFile(`${path}.new`, `# Of the stack that runs from this folder. Readable by a shell, too.\n${lines.join('')}`, {
    mode: 0o600,
  });
  await rename(`${path}.new`, path);
  return { [Symbol.asyncDispose]: async () => await rm(path, { force: true }) };
}

/** None of the values has a quote in it. */
function variablesOf({
  controlDatabaseUrl,
  postgresUrl,
  backupStoreUrl,
  secrets: { jwtSecret, keyRing, signingKey },
}: DevelopmentSettings): Record<string, string> {
  return {
    CONTROL_DATABASE_URL: controlDatabaseUrl,
    TENANT_CLUSTERS: JSON.stringify({ standard: postgresUrl }),
    CREDENTIALS_KEY: [...keyRing].map(([id, key]) => `${id}:${key.toString('base64')}`).join(','),
    SUBGRAPH_SIGNING_KEY: signingKey.toString('base64'),
    JWT_SECRET: jwtSecret.toString(),
    BACKUP_STORE: backupStoreUrl,
  };
}
