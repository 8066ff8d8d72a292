import { defineConfig } from 'vitest/config'

// The built program, attacked as a process: its answers lost, its connections cut, raced, lied to, listened to. Each file has a sandbox of its own, so that some
// run beside others. Its kills, failed calls and foreign hands are a lane of their own (test/runs), which HOSTILE=full has within.
export default defineConfig({
  test: {
    include: ['test/hostile/**/*.test.ts', ...(process.env['HOSTILE'] === 'full' ? ['test/runs/**/*.test.ts'] : [])],
    reporters: ['default', './test/hostile/table.ts'],
    env: { HOSTILE: process.env['HOSTILE'] ?? 'some' },
    disableConsoleIntercept: true,
    testTimeout: 2_400_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // What a file imports, a sandbox with it, is loaded once in a worker, not once in a file.
    isolate: false,
    // Half of the time is spent in waiting for what does not answer.
    maxWorkers: 3,
  },
})
