import { configDefaults, defineConfig } from 'vitest/config';
import { AloneFirst } from './alone-first.ts';

const root = new URL('..', import.meta.url).pathname;
const workspaces = '{gateway,packages/*,prisma,subgraphs/*}/**';

/**
 * Tests that run file by file in a process of their own: those of whole stacks and of what happens under load, those that look closely at
 * statements, of which a process gives names only to the first hundred that come often, and what measures its own memory.
 */
const alone = [
  'packages/tenant-pool/src/{connections,faults,handles,isolation-fuzz}/**/*.test.ts',
  'packages/tenant-pool/src/metrics/tenant-metrics.test.ts',
  'packages/bench/src/pool/pool.test.ts',
  `${workspaces}/*-traffic.test.ts`,
  `${workspaces}/*.e2e.ts`,
];

const common = {
  root,
  // Node loads the code itself, as it does in production: no transformation, and one copy of every module.
  experimental: { viteModuleRunner: false },
  // Node keeps what it compiles, for the processes of this run, those that tests start, and the next run.
  env: { NODE_COMPILE_CACHE: `${root}node_modules/.cache/compiled-code` },
  setupFiles: '.config/keep-compiled-code.ts',
  testTimeout: 30_000,
  hookTimeout: 60_000,
};

export default defineConfig({
  test: {
    root,
    globalSetup: 'packages/backing-services/src/vitest-global-setup.ts',
    sequence: { shuffle: { files: true, tests: false }, sequencer: AloneFirst },
    // Most of a test's time is Postgres's: one worker fewer than cores, as by default, would leave half of two idle.
    maxWorkers: '100%',
    projects: [
      // Loading the code takes half of most files' time: a process runs one file after another, with the modules that it has.
      {
        test: {
          ...common,
          name: 'together',
          isolate: false,
          include: [`${workspaces}/*.test.ts`],
          exclude: [...configDefaults.exclude, ...alone],
        },
      },
      { test: { ...common, name: 'alone', include: alone } },
    ],
  },
});
