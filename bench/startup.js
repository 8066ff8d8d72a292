// How long the program takes to answer, beside `node -e 0`: runs in turn, so that both meet the same machine. Usage: node bench/startup.js [RUNS]
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const runs = Math.min(200, Number(process.argv[2] ?? 21))
const program = fileURLToPath(new URL('../bin/run.js', import.meta.url))
// Reading further authorities takes Node longer than everything measured here.
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env

const time = (args) => {
  const began = process.hrtime.bigint()
  const { status } = spawnSync(process.execPath, args, { env, stdio: 'ignore' })
  if (status !== 0) throw new Error(`node ${args.join(' ')} exited with ${status}`)
  return Number(process.hrtime.bigint() - began) / 1e6
}
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1]

for (const words of [['--version'], ['--help'], ['cache', '--help'], ['cache:invalidate', '--help']]) {
  const pairs = Array.from({ length: runs }, () => ({ floor: time(['-e', '0']), ours: time([program, ...words]) }))
  const [floor, ours] = [median(pairs.map((pair) => pair.floor)), median(pairs.map((pair) => pair.ours))]
  const ratio = median(pairs.map((pair) => pair.ours / pair.floor))
  console.log(
    `${words.join(' ').padEnd(24)} ${ours.toFixed(0).padStart(4)} ms, node -e 0 ${floor.toFixed(0).padStart(4)} ms, ratio ${ratio.toFixed(2)}`,
  )
}
