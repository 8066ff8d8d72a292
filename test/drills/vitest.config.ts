import { defineConfig } from 'vitest/config'

// Every drill, solved by the built program and solved wrongly; incidents diagnosed, and nodes rebooted. Most of the time is spent in waiting.
export default defineConfig({
  test: {
    include: ['test/drills/**/*.test.ts'],
    disableConsoleIntercept: true,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 3,
  },
})
