import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['{gateway,packages/*,prisma,subgraphs/*}/**/*.{test,e2e}.ts'],
    globalSetup: 'packages/backing-services/src/vitest-global-setup.ts',
    sequence: { shuffle: { files: true, tests: false } },
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
