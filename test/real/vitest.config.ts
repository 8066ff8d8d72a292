import { defineConfig } from 'vitest/config'

// One lane after another: the servers share two cores and are told apart by their load.
export default defineConfig({
  test: {
    include: ['test/real/**/*.test.ts'],
    reporters: ['default', './test/real/table.ts'],
    disableConsoleIntercept: true,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    fileParallelism: false,
  },
})
