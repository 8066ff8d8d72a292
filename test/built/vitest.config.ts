import { defineConfig } from 'vitest/config'

// The built program as a process: at a terminal, in a pipe, installed from its package, killed and gone on with. Most of the time is its own, and half of it waiting.
export default defineConfig({
  test: {
    include: ['test/built/**/*.test.ts'],
    disableConsoleIntercept: true,
    testTimeout: 90_000,
    hookTimeout: 60_000,
    pool: 'forks',
    maxWorkers: 3,
    isolate: false,
  },
})
