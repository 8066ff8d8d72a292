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

const read = (file) => {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Kilobytes that the child of a shell has held at most so far; Linux alone says it. */
const peakUnder = (shell) => {
  const [child] = read(`/proc/${shell}/task/${shell}/children`).split(' ')
  return child ? Number(/VmHWM:\s+(\d+)/.exec(read(`/proc/${child}/status`))?.[1] ?? 0) : 0
}

/** Seconds of `0m1.23s 0m0.45s`, the second line of the shell's `times`: of all that it has waited for. */
const processorOf = (times) =>
  [...(times.split('\n')[1] ?? '').matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + 60 * minutes + Number(seconds),
    0,
  )

const timed = '"$@"; code=$?; times >&3; exit $code'

/** One process to its end: milliseconds, seconds of processor, megabytes at most, and what it printed, in lines too. `codes`: what it may exit with. */
export const measured = (command, args, { more = {}, codes = [0], keep = false } = {}) =>
  new Promise((resolve, reject) => {
    const began = process.hrtime.bigint()
    const stdio = ['ignore', 'pipe', 'pipe', 'pipe']
    const child = spawn('sh', ['-c', timed, 'sh', command, ...args], { env: { ...env, ...more }, stdio })
    let [peak, lines, out, err, times] = [0, 0, '', '', '']
    const looking = setInterval(() => {
      peak = Math.max(peak, peakUnder(child.pid))
    }, 10)
    child.stdout.on('data', (chunk) => {
      for (const byte of chunk) if (byte === 10) lines++
      if (keep) out += chunk
    })
    child.stderr.on('data', (chunk) => {
      err += chunk
    })
    child.stdio[3].on('data', (chunk) => {
      times += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => {
      clearInterval(looking)
      const ms = Number(process.hrtime.bigint() - began) / 1e6
      if (codes.includes(code)) resolve({ ms, cpu: processorOf(times), mb: peak / 1024, out, lines })
      else reject(new Error(`${command} ${args.join(' ')} exited with ${code}: ${err.slice(-2000)}`))
    })
  })

/** honeydue as it was built. */
export const honeydue = (args, options) => measured(process.execPath, [program, ...args], options)

/** The middle ones of pairs; the ratio is the middle one of the pairs' own. */
export const compared = (pairs) => {
  const of = (who) => median(pairs.map((pair) => pair[who].ms))
  const cpu = (who) => pairs.reduce((sum, pair) => sum + (pair[who].cpu ?? Number.NaN), 0)
  return {
    runs: pairs.length,
    ours: of('ours'),
    anchor: of('anchor'),
    ratio: median(pairs.map((pair) => pair.ours.ms / pair.anchor.ms)),
    // The shell counts in hundredths of a second: of all pairs together that is fine enough.
    work: cpu('ours') / cpu('anchor'),
    mb: median(pairs.map((pair) => pair.ours.mb ?? 0)),
  }
}

/** Runs both in turn, so that both meet the same machine. */
export const inTurn = async (runs, ours, anchor) => {
  const pairs = []
  for (let round = 0; round < runs; round++) pairs.push({ anchor: await anchor(), ours: await ours() })
  return compared(pairs)
}

const time = (ms) => (ms >= 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${ms.toFixed(0)} ms`)

/** A line of the table. `goal`: at most this ratio, where there is one; `more`: what else was seen. */
export const row = (what, beside, { ours, anchor, ratio, work, runs }, goal, more = '') => ({
  what,
  beside,
  ours: time(ours),
  anchor: time(anchor),
  ratio: ratio.toFixed(2),
  work: Number.isNaN(work) ? '' : work.toFixed(2),
  goal: goal === undefined ? '' : `≤ ${goal}`,
  runs,
  more,
})

export const asTable = (rows) =>
  [
    '| measured | beside | ours | beside it | ratio | processor | goal | runs | also |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.map(
      ({ what, beside, ours, anchor, ratio, work, goal, runs, more }) =>
        `| ${[what, beside, ours, anchor, ratio, work, goal, runs, more].join(' | ')} |`,
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
