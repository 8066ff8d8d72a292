import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/real/postgres/**/*.test.ts'],
    disableConsoleIntercept: true,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    fileParallelism: false,
  },
})
