// What the measurements share: the built program and its anchor as processes, in turn, and one line of the ratio.
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
export const program = join(root, 'bin/run.js')
// Reading further authorities takes Node longer than much of what is measured.
const { NODE_EXTRA_CA_CERTS: _, ...given } = process.env
export const env = given

export const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1]

/** Kilobytes that a process has held at most so far; Linux alone says it. */
const peakOf = (pid) => {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  } catch {
    return 0
  }
}

/** One process to its end: milliseconds, megabytes at most, and what it printed, in lines too. `codes`: what it may exit with. */
export const measured = (command, args, { more = {}, codes = [0], keep = false } = {}) =>
  new Promise((resolve, reject) => {
    const began = process.hrtime.bigint()
    const child = spawn(command, args, { env: { ...env, ...more }, stdio: ['ignore', 'pipe', 'pipe'] })
    let [peak, lines, out, err] = [0, 0, '', '']
    const looking = setInterval(() => {
      peak = Math.max(peak, peakOf(child.pid))
    }, 10)
    child.stdout.on('data', (chunk) => {
      for (const byte of chunk) if (byte === 10) lines++
      if (keep) out += chunk
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(looking)
      const ms = Number(process.hrtime.bigint() - began) / 1e6
      if (codes.includes(code)) resolve({ ms, mb: peak / 1024, out, lines })
      else reject(new Error(`${command} ${args.join(' ')} exited with ${code}: ${err.slice(-2000)}`))
    })
  })

/** honeydue as it was built. */
export const honeydue = (args, options) => measured(process.execPath, [program, ...args], options)

/** Runs both in turn, so that both meet the same machine; the ratio is the middle one of the pairs. */
export const inTurn = async (runs, ours, anchor) => {
  const pairs = []
  for (let round = 0; round < runs; round++) pairs.push({ anchor: await anchor(), ours: await ours() })
  const of = (who) => median(pairs.map((pair) => pair[who].ms))
  return {
    runs,
    ours: of('ours'),
    anchor: of('anchor'),
    ratio: median(pairs.map((pair) => pair.ours.ms / pair.anchor.ms)),
    mb: median(pairs.map((pair) => pair.ours.mb ?? 0)),
  }
}

const time = (ms) => (ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(0)} ms`)

/** A line of the table. `goal`: at most this ratio, where there is one; `more`: what else was seen. */
export const row = (what, beside, { ours, anchor, ratio, runs }, goal, more = '') => ({
  what,
  beside,
  ours: time(ours),
  anchor: time(anchor),
  ratio: ratio.toFixed(2),
  goal: goal === undefined ? '' : `≤ ${goal}`,
  runs,
  more,
})

export const asTable = (rows) =>
  [
    '| measured | beside | ours | beside it | ratio | goal | runs | also |',
    '|---|---|---|---|---|---|---|---|',
    ...rows.map(
      ({ what, beside, ours, anchor, ratio, goal, runs, more }) =>
        `| ${[what, beside, ours, anchor, ratio, goal, runs, more].join(' | ')} |`,
    ),
  ].join('\n')

/** The machine in words: processors, Node and system. */
export const machine = () =>
  `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'a processor'}, Node ${process.versions.node}, ${process.platform}`

/** A folder for the time of `use`. */
export const inFolder = async (use) => {
  const dir = mkdtempSync(join(tmpdir(), 'honeydue-bench-'))
  try {
    return await use(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

/** A sandbox in a process of its own, without PostgreSQL, for the time of `use`. */
export const withSandbox = (words, use) =>
  inFolder(async (dir) => {
    const up = spawnSync(process.execPath, [program, 'sandbox:up', '--detach', '--no-postgres', '--dir', dir, ...words], { env })
    try {
      if (up.status !== 0) throw new Error(`sandbox:up exited with ${up.status}: ${up.stderr}`)
      return await use({ dir, file: join(dir, 'environment.yaml'), kubeconfig: join(dir, 'admin.kubeconfig') })
    } finally {
      spawnSync(process.execPath, [program, 'sandbox:down', '--dir', dir], { env })
    }
  })

/** Prints a script's own rows where it is run by itself: `node bench/NAME.js [RUNS]`. */
export const alone = async (url, rows, runs) => {
  if (pathToFileURL(process.argv[1] ?? '').href !== url) return
  console.log(asTable(await rows(Math.min(100, Number(process.argv[2] ?? runs)))))
}
