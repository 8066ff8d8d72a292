import { defineConfig } from 'vitest/config'

// The built program, killed, failed and raced on a sandbox. One file after another: what is counted must not depend on its neighbours.
export default defineConfig({
  test: {
    include: ['test/runs/**/*.test.ts'],
    disableConsoleIntercept: true,
    testTimeout: 400_000,
    hookTimeout: 60_000,
    pool: 'forks',
    fileParallelism: false,
  },
})
