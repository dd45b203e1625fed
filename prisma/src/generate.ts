/** Generates both Prisma clients. Runs after every install and by `pnpm generate`. */
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const prismaCli = join(dirname(createRequire(import.meta.url).resolve('prisma/package.json')), 'build/index.js');

for (const database of ['control', 'tenant']) {
  execFileSync(process.execPath, [prismaCli, 'generate', '--no-hints', '--config', `${database}/prisma.config.ts`], {
    cwd: root,
    // Generating needs no schema engine, yet Prisma downloads one unless this names an existing file.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: '1' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
