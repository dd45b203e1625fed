import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from '@tenantry/service';
import { NoInstallationError } from '../errors.ts';
import type { Terminal } from '../terminal.ts';

/** Any of these in the environment says which installation is meant; `NAME_FILE` counts as `NAME`. */
const telling = ['CONTROL_DATABASE_URL', 'TENANT_CLUSTERS', 'CREDENTIALS_KEY', 'JWT_SECRET'];

/** Where `pnpm start` keeps its data, and the file in it that says how to reach what it runs. */
const defaultFolder = '.tenantry';
const developmentFile = 'development.env';

/**
 * The variables that say which installation is meant: those of the process, or, where it has none, those of the development stack that
 * runs from `folder`. Never some of each, so that no key meets another installation's database.
 *
 * @param folder the stack's, when it was named: it is then meant, whatever the process's own variables say
 * @throws {NoInstallationError}
 */
export function chooseEnvironment({ environment, workingDirectory }: Terminal, folder: string | undefined): Environment {
  if (folder === undefined && telling.some((name) => environment[name] || environment[`${name}_FILE`])) return environment;
  const path = resolve(workingDirectory, folder ?? defaultFolder, developmentFile);
  try {
    return parseEnv(readFileSync(path, 'utf8'));
  } catch (cause) {
    const reason =
      folder === undefined ? 'The environment names no installation, and no development stack runs here' : `No stack runs from ${folder}`;
    const remedy = 'Set CONTROL_DATABASE_URL (and, to change anything, TENANT_CLUSTERS and CREDENTIALS_KEY), or start one: npx pnpm start';
    throw new NoInstallationError(`${reason} (${path} is not there). ${remedy}`, { cause });
  }
}
