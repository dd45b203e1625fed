/**
 * `generate.ts [folder…]`: generates the Prisma clients whose schema, configuration or Prisma version changed since they were
 * generated: this package's own, and those of other folders, whose `schema.prisma` has `../generated/<name of the folder>` as output.
 * Costs a few milliseconds when there is nothing to do, so `pnpm start` and `pnpm test` call it each time.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { basename, dirname, join, resolve } from 'node:path';
import { databaseFolder, databases } from './databases.ts';

const prismaManifest = createRequire(import.meta.url).resolve('prisma/package.json');

for (const folder of [...databases.map(databaseFolder), ...process.argv.slice(2)]) generate(resolve(folder));

function generate(folder: string): void {
  const config = join(folder, 'prisma.config.ts');
  const stamp = join(folder, '../generated', `${basename(folder)}.sha256`);
  const wanted = hashOf(join(folder, 'schema.prisma'), config, prismaManifest);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;

  rmSync(stamp, { force: true });
  execFileSync(process.execPath, [join(dirname(prismaManifest), 'build/index.js'), 'generate', '--no-hints', '--config', config], {
    cwd: folder,
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
