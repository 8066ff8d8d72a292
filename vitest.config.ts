import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/real/**', 'test/runs/**', 'test/hostile/**', 'test/drills/**', 'node_modules/**'],
    disableConsoleIntercept: true,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
    // By default one core is left to the runner: on two, half of the machine would stand idle.
    maxWorkers: '100%',
    // What a file imports, a sandbox with it, is loaded once in a worker, not once in a file.
    isolate: false,
  },
})
