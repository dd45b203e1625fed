/**
 * Generates the Prisma clients whose schema, configuration or Prisma version changed since they were generated. Costs a few
 * milliseconds when there is nothing to do, so `pnpm start` and `pnpm test` call it each time.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { databases, type Database } from './databases.ts';

const root = join(import.meta.dirname, '..');
const prismaManifest = createRequire(import.meta.url).resolve('prisma/package.json');

for (const database of databases) generate(database);

function generate(database: Database): void {
  const config = `${database}/prisma.config.ts`;
  const stamp = join(root, 'generated', `${database}.sha256`);
  const wanted = hashOf(join(root, database, 'schema.prisma'), join(root, config), prismaManifest);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  rmSync(stamp, { force: true });
  execFileSync(process.execPath, [join(dirname(prismaManifest), 'build/index.js'), 'generate', '--no-hints', '--config', config], {
    cwd: root,
    // Generating needs no schema engine, yet Prisma downloads one unless this names an existing file.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
    stdio: 'pipe',
  });
  writeFileSync(stamp, wanted);
}

function hashOf(...files: string[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}
