import { defineConfig } from 'vitest/config'

// The built program, attacked as a process: killed, failed, raced, lied to, listened to. Each file has a sandbox of its own, so that some run beside others.
export default defineConfig({
  test: {
    include: ['test/hostile/**/*.test.ts', 'test/runs/**/*.test.ts', 'test/systems/hostile-lines.test.ts', 'test/cli/hostile-text.test.ts'],
    reporters: ['default', './test/hostile/table.ts'],
    env: { HOSTILE: process.env['HOSTILE'] ?? 'some' },
    disableConsoleIntercept: true,
    testTimeout: 1_200_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // Most of the time is spent in waiting for what does not answer.
    maxWorkers: 6,
  },
})
