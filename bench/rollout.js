// When a rollout is seen to have ended: deploy:restart beside `kubectl rollout status`, which is started at the moment when honeydue begins to look. Usage:
// node bench/rollout.js [RUNS]
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { alone, compared, env, measured, program, row, withSandbox } from './support.js'

export const rows = (runs) =>
  withSandbox([], async ({ dir, file, kubeconfig }) => {
    const more = { KUBECONFIG: kubeconfig, XDG_STATE_HOME: join(dir, 'state') }
    const words = ['deploy:restart', 'web', '--older-than', '1s', '--confirm', 'sandbox/web', '--env', file]
    /** From the first look to the line that says so. */
    const restart = (looks) =>
      new Promise((resolve, reject) => {
        const child = spawn(process.execPath, [program, ...words], { env: { ...env, ...more }, stdio: ['ignore', 'ignore', 'pipe'] })
        let [said, since, ms] = ['', undefined, undefined]
        child.stderr.on('data', (chunk) => {
          said += chunk
          if (since === undefined && said.includes('looking whether it holds')) {
            since = performance.now()
            looks()
          }
          if (ms === undefined && /^done/m.test(said)) ms = performance.now() - since
        })
        child.on('error', reject)
        child.on('close', (code) => (code === 0 ? resolve({ ms }) : reject(new Error(`exited with ${code}: ${said.slice(-2000)}`))))
      })
    // The two of a pair look at the same rollout.
    let theirs = Promise.resolve()
    const ours = () =>
      restart(() => {
        theirs = measured('kubectl', ['-n', 'honeydue', 'rollout', 'status', 'deployment/web'], { more })
      })
    const pairs = []
    for (let round = 0; round < runs; round++) {
      pairs.push({ ours: await ours(), anchor: await theirs })
      // Pods younger than a second count as restarted already.
      await sleep(1500)
    }
    const result = compared(pairs)
    return [row('a rollout seen to have ended, by `deploy:restart`', '`kubectl rollout status`', result, 1)]
  })

await alone(import.meta.url, rows, 5)
