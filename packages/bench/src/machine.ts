import { readFileSync } from 'node:fs';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import { createRequire } from 'node:module';
import { z } from 'zod';

/** What a run's figures depend on besides the code. */
export interface Machine {
  cpu: string;
  cores: number;
  memoryGb: number;
  system: string;
  node: string;
  packages: Record<string, string>;
}

const measuredPackages = ['@prisma/client', '@prisma/adapter-pg', 'pg', 'lru-cache'];

export function describeMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    packages: Object.fromEntries(measuredPackages.map((name) => [name, versionOf(name)])),
  };
}

const { resolve } = createRequire(import.meta.url);
const manifestSchema = z.object({ version: z.string() });

/** By the manifest, which not every package exports: it is above the file that the package does export. */
export function versionOf(name: string): string {
  const [folder = ''] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+\//.exec(resolve(name)) ?? [];
  return manifestSchema.parse(JSON.parse(readFileSync(`${folder}package.json`, 'utf8'))).version;
}
