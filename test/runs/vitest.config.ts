import { defineConfig } from 'vitest/config'

// The built program, killed, failed and raced. Each file has a sandbox of its own, so that several run beside each other; within one, point after point.
export default defineConfig({
  test: {
    include: ['test/runs/**/*.test.ts'],
    reporters: ['default', './test/hostile/table.ts'],
    disableConsoleIntercept: true,
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 3,
  },
})
