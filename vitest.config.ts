import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/built/**', 'test/real/**', 'test/runs/**', 'test/hostile/**', 'test/drills/**', 'node_modules/**'],
    disableConsoleIntercept: true,
    // Only what hangs is ended by it: beside two others, on two busy cores, some take half a minute.
    testTimeout: 90_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // One more than there are processors: what waits for a rollout, or for a server that says nothing, leaves its own to another.
    maxWorkers: availableParallelism() + 1,
    // What a file imports, a sandbox with it, is loaded once in a worker, not once in a file.
    isolate: false,
  },
})
