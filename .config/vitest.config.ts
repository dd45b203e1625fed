import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['{gateway,packages/*,prisma,subgraphs/*}/**/*.{test,e2e}.ts'],
    globalSetup: 'packages/backing-services/src/vitest-global-setup.ts',
    sequence: { shuffle: { files: true, tests: false } },
    // Node loads the code itself, as it does in production: no transformation, and one copy of every module.
    experimental: { viteModuleRunner: false },
    // Most of a test's time is Postgres's: one worker fewer than cores, as by default, would leave half of two idle.
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
