import type { SandboxOptions } from '../sandbox/sandbox.ts'

/** Milliseconds that the deployment takes where an operator can only wait: pods that start and stop, a node that is given up, a boot. */
const usual = { ready: 500, terminate: 300, jobComplete: 2000, nodeGrace: 40_000, bootMs: 8000, k3sMs: 4000 } as const

/** The sandbox's times, so many times shorter, with those of Kubernetes: back-off, and how long a pod stays on a node that is away. */
export const fasterBy = (times: number): NonNullable<SandboxOptions['speed']> => ({
  ...Object.fromEntries(Object.entries(usual).map(([name, ms]) => [name, Math.max(20, Math.round(ms / times))])),
  faster: times,
})
