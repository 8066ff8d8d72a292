// logs beside kubectl logs --timestamps --prefix, both over the same 200,000 lines of one pod of a sandbox. Usage: node bench/logs.js [RUNS]
import { spawnSync } from 'node:child_process'
import { alone, env, honeydue, inTurn, measured, row, withSandbox } from './support.js'

const lines = 200_000

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'flood', namespace: 'honeydue' },
  spec: {
    selector: { matchLabels: { app: 'flood' } },
    template: {
      metadata: {
        labels: { app: 'flood' },
        annotations: { 'honeydue.test/says': '{"level":"info","msg":"served","n":{n}}', 'honeydue.test/says-times': String(lines) },
      },
      spec: { containers: [{ name: 'main', image: 'registry.test/flood:1' }] },
    },
  },
}

const whole = async (reading) => {
  const result = await reading
  if (result.lines !== lines) throw new Error(`there are ${result.lines} lines`)
  return result
}

export const rows = (runs) =>
  withSandbox([], async ({ file, kubeconfig }) => {
    const more = { KUBECONFIG: kubeconfig }
    const kubectl = (args, input) => spawnSync('kubectl', ['-n', 'honeydue', ...args], { env: { ...env, ...more }, input })
    kubectl(['apply', '-f', '-'], JSON.stringify(deployment))
    if (kubectl(['rollout', 'status', 'deployment/flood', '--timeout=60s']).status !== 0) throw new Error('the pod did not start')
    const result = await inTurn(
      runs,
      () => whole(honeydue(['logs', 'flood', '--since', '1h', '--env', file])),
      () => whole(measured('kubectl', ['-n', 'honeydue', 'logs', 'deploy/flood', '--timestamps', '--prefix'], { more })),
    )
    return [row('`logs` of 200 000 lines', '`kubectl logs --timestamps --prefix`', result, 1, `${result.mb.toFixed(0)} MB`)]
  })

await alone(import.meta.url, rows, 5)
