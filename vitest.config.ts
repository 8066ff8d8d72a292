import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'node_modules/**'],
    disableConsoleIntercept: true,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // A test waits for as long as it works: pods that start, clients that give up. One more worker than cores fills the gaps.
    maxWorkers: availableParallelism() + 1,
    // What a file imports, a sandbox with it, is loaded once in a worker, not once in a file.
    isolate: false,
  },
})
