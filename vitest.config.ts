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
    // Three more than there are processors: more than half of a worker's time is waiting, for a rollout, a program, or a server that says nothing.
    maxWorkers: availableParallelism() + 3,
    // What a file imports, a sandbox with it, is loaded once in a worker, not once in a file.
    isolate: false,
  },
})
