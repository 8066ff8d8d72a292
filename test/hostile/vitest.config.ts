import { defineConfig } from 'vitest/config'

// One file after another: each keeps both cores busy with programs of its own.
export default defineConfig({
  test: {
    include: ['test/hostile/**/*.test.ts'],
    reporters: ['default', './test/hostile/table.ts'],
    disableConsoleIntercept: true,
    testTimeout: 900_000,
    hookTimeout: 120_000,
    pool: 'forks',
    fileParallelism: false,
  },
})
