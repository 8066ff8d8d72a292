// logs beside kubectl logs --timestamps --prefix, both over the same 200,000 lines of one pod of a sandbox, in turn: time and the greatest
// resident memory of each. Usage: node bench/logs.js [RUNS]
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const lines = 200_000
const runs = Math.min(50, Number(process.argv[2] ?? 5))
const program = fileURLToPath(new URL('../bin/run.js', import.meta.url))
const { NODE_EXTRA_CA_CERTS: _, ...given } = process.env
const dir = mkdtempSync(join(tmpdir(), 'honeydue-bench-'))
const env = { ...given, KUBECONFIG: join(dir, 'admin.kubeconfig') }

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

/** Kilobytes that a process has held at most so far; Linux alone says it. */
const peakOf = (pid) => {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

const measured = (command, args) =>
  new Promise((resolve, reject) => {
    const began = process.hrtime.bigint()
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
    let [count, peak] = [0, 0]
    const looking = setInterval(() => (peak = Math.max(peak, peakOf(child.pid))), 20)
    child.stdout.on('data', (chunk) => {
      for (const byte of chunk) if (byte === 10) count++
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(looking)
      if (code !== 0 || count !== lines) reject(new Error(`${command} gave ${count} lines, and exited with ${code}`))
      else resolve({ ms: Number(process.hrtime.bigint() - began) / 1e6, mb: peak / 1024 })
    })
  })
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

try {
  const up = spawnSync(process.execPath, [program, 'sandbox:up', '--detach', '--no-postgres', '--dir', dir], { env })
  if (up.status !== 0) throw new Error(`sandbox:up exited with ${up.status}: ${up.stderr}`)
  const kubectl = (args, input) => spawnSync('kubectl', ['-n', 'honeydue', ...args], { env, input })
  kubectl(['apply', '-f', '-'], JSON.stringify(deployment))
  if (kubectl(['rollout', 'status', 'deployment/flood', '--timeout=60s']).status !== 0) throw new Error('the pod did not start')
  const pairs = []
  for (let round = 0; round < runs; round++)
    pairs.push({
      theirs: await measured('kubectl', ['-n', 'honeydue', 'logs', 'deploy/flood', '--timestamps', '--prefix']),
      ours: await measured(process.execPath, [program, 'logs', 'flood', '--since', '1h', '--env', join(dir, 'environment.yaml')]),
    })
  const of = (who, what) => median(pairs.map((pair) => pair[who][what])).toFixed(0)
  const ratio = median(pairs.map(({ ours, theirs }) => ours.ms / theirs.ms)).toFixed(2)
  console.log(
    `logs ${of('ours', 'ms')} ms, ${of('ours', 'mb')} MB; kubectl ${of('theirs', 'ms')} ms, ${of('theirs', 'mb')} MB; ratio ${ratio}`,
  )
} finally {
  spawnSync(process.execPath, [program, 'sandbox:down', '--dir', dir], { env })
  rmSync(dir, { recursive: true, force: true })
}
