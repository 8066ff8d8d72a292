// nodes:status beside what an operator types instead: three `ssh` at once and `kubectl get nodes`, over a link delayed by 50 ms a round trip.
// Runs in turn, so that both meet the same machine. Usage: node bench/nodes-status.js [RUNS] [MILLISECONDS EACH WAY]
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const runs = Math.min(100, Number(process.argv[2] ?? 11))
const delay = Number(process.argv[3] ?? 25)
const program = fileURLToPath(new URL('../bin/run.js', import.meta.url))
// Reading further authorities takes Node longer than everything else that it does at its start.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env
const dir = mkdtempSync(join(tmpdir(), 'honeydue-bench-'))
const config = join(dir, 'ssh/config')

const run = (command, args) =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: { ...env, KUBECONFIG: join(dir, 'admin.kubeconfig') }, stdio: 'ignore' })
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 || code === 3 ? resolve() : reject(new Error(`${command} ${args.join(' ')} exited with ${code}`)),
    )
  })
const timed = async (work) => {
  const began = process.hrtime.bigint()
  await work()
  return Number(process.hrtime.bigint() - began) / 1e6
}
const byHand = (question) => () =>
  run('sh', [
    '-c',
    `${['hetzner1', 'hetzner2', 'hetzner3'].map((alias) => `ssh -F '${config}' ${alias} '${question}' & `).join('')} kubectl get nodes; wait`,
  ])
const ours = () => run(process.execPath, [program, 'nodes:status', '--env', join(dir, 'environment.yaml')])
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

try {
  const up = spawnSync(process.execPath, [program, 'sandbox:up', '--detach', '--no-postgres', '--dir', dir, '--delay', String(delay)], {
    env,
  })
  if (up.status !== 0) throw new Error(`sandbox:up exited with ${up.status}: ${up.stderr}`)
  // The second asks of a node what the report asks: the sandbox's nodes are this machine, and its processes are the greater part there.
  const questions = {
    uptime: 'uptime',
    'the same facts': 'uptime; free; df /; hostname; nproc; sudo ufw status; k3s --version; systemctl is-active k3s; timedatectl',
  }
  for (const [name, question] of Object.entries(questions)) {
    const pairs = []
    for (let round = 0; round < runs; round++) pairs.push({ shell: await timed(byHand(question)), ours: await timed(ours) })
    const [shell, own] = [median(pairs.map((pair) => pair.shell)), median(pairs.map((pair) => pair.ours))]
    const ratio = median(pairs.map((pair) => pair.ours / pair.shell))
    console.log(`nodes:status ${own.toFixed(0)} ms, ssh for ${name} and kubectl ${shell.toFixed(0)} ms, ratio ${ratio.toFixed(2)}`)
  }
} finally {
  spawnSync(process.execPath, [program, 'sandbox:down', '--dir', dir], { env })
  rmSync(dir, { recursive: true, force: true })
}
