import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'test/runs/**', 'test/hostile/**', 'test/drills/**', 'node_modules/**'],
    disableConsoleIntercept: true,
    // Only what hangs is ended by it: beside two others, on two busy cores, some take half a minute.
    testTimeout: 90_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // By default one core is left to the runner: on two, half of the machine would stand idle.
    maxWorkers: '100%',
    // What a file imports, a sandbox with it, is loaded once in a worker, not once in a file.
    isolate: false,
  },
})
